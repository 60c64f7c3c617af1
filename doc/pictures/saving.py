"""How pictures of the documentation are saved: small, and without a date."""

from io import BytesIO


def save(figure, path, dpi=130):
    """Save as a PNG of at most 256 colours, a third of the bytes."""
    from PIL import Image

    buffer = BytesIO()
    figure.savefig(
        buffer, dpi=dpi, facecolor="white", bbox_inches="tight", pad_inches=0.08
    )
    image = Image.open(buffer).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
