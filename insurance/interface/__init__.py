"""The medical-insurance interface (医保交易接口): messages, dialects, bytes; httpx and the standard library only."""
