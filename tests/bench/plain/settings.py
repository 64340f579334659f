"""As `startproject` and the framework's documentation have them; the databases and keys are ours."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.plain.urls"
WSGI_APPLICATION = "tests.bench.plain.wsgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
DATABASES = {"default": {**DATABASES["default"], "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}}  # noqa: F405
