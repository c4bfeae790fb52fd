"""The host name under which this instance's components find each other: Airflow asks for it by `[core] hostname_callable`."""


def loopback() -> str:
    """Return the address that everything here listens on; the machine's own name may lead elsewhere or nowhere."""
    return "127.0.0.1"
