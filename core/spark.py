"""What the processes of a Spark cluster must agree on, or they refuse each other."""

__all__ = ["SPARK_SECRET_VARIABLE", "SPARK_SECURITY"]

SPARK_SECRET_VARIABLE = "_SPARK_AUTH_SECRET"  # noqa: S105  # the variable's name
"""Where Spark looks for the secret, so that it need not be on a command line, which all may read."""

SPARK_SECURITY = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.saslFallback": "false",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
}
"""Who does not know the secret is refused; messages, shuffled and spilled data are encrypted.

Version 2 of the authentication derives keys by HKDF, GCM authenticates each message, and a peer without
AES is not spoken to (Spark's documentation, "Security").
"""
