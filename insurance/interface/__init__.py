"""The medical-insurance interface (医保交易接口): messages, dialects, bytes; httpx and the standard library.

Beside them `cryptography` and, only where a centre signs with SM2, `gmalg` (docs/adr/0028).
"""
