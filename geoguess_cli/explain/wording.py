"""Numbers and coordinates as the figures write them."""


def percent(share: float, *, whole: bool = False) -> str:
    """A share as text, with the digits that count.

    Args:
        share: In [0, 1].
        whole: Without zeros at its end, as on a scale.

    >>> percent(0.3456), percent(0.0345), percent(0.0012), percent(0.00001), percent(0.0)
    ('35 %', '3.5 %', '0.12 %', '< 0.01 %', '0 %')
    >>> percent(0.02), percent(0.02, whole=True)
    ('2.0 %', '2 %')
    >>> percent(0.000002, whole=True), percent(1.0, whole=True)
    ('0.0002 %', '100 %')
    """
    if whole:
        return f"{100 * share:.8f}".rstrip("0").rstrip(".") + " %"
    if share < 5e-5:
        return "< 0.01 %" if share > 0 else "0 %"
    digits = 0 if share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{100 * share:.{digits}f} %"


def kilometres(distance: float) -> str:
    """A distance in kilometres as text, with the digits that count.

    >>> kilometres(0.414), kilometres(1.23), kilometres(12.34), kilometres(1234.5)
    ('0.41 km', '1.2 km', '12 km', '1,234 km')
    """
    digits = 2 if distance < 0.995 else 1 if distance < 9.95 else 0
    return f"{distance:,.{digits}f}".removesuffix(".0") + " km"


def square_kilometres(area: float) -> str:
    """An area as text, with the digits that count.

    >>> square_kilometres(0.414), square_kilometres(8123.4), square_kilometres(1_234_567.0)
    ('0.41 km²', '8,123 km²', '1.23 million km²')
    """
    if area < 999_500:
        return kilometres(area) + "²"
    return f"{area / 1e6:,.{0 if area >= 99.5e6 else 1 if area >= 9.95e6 else 2}f} million km²"


def coordinates(latitude: float, longitude: float, *, decimals: int = 3) -> str:
    """A place as text, in degrees.

    >>> coordinates(45.6801, -111.04), coordinates(-18.1, 181.0, decimals=1)
    ('45.680° N, 111.040° W', '18.1° S, 179.0° W')
    """
    longitude = (longitude + 180) % 360 - 180
    return (
        f"{abs(latitude):.{decimals}f}° {'N' if latitude >= 0 else 'S'}, "
        f"{abs(longitude):.{decimals}f}° {'E' if longitude >= 0 else 'W'}"
    )


def counted(number: int, noun: str) -> str:
    """A number of things as text.

    >>> counted(1, "cell"), counted(2199, "cell")
    ('1 cell', '2,199 cells')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
