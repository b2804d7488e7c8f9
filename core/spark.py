"""Options that all processes of a Spark cluster must share to accept each other."""

SPARK_SECRET_VARIABLE = "_SPARK_AUTH_SECRET"  # noqa: S105  # the variable's name
"""Variable with Spark's secret; a command line would be readable by all users."""

SPARK_SECURITY = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.saslFallback": "false",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
}
"""Refuse processes without the secret; encrypt messages, shuffle and spill files.

Version 2 of the authentication derives keys by HKDF, GCM authenticates each message, and peers without
AES are refused (Spark's documentation, "Security").
"""
