"""Valid small images for tests."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image


def picture(width=40, height=30, kind="PNG", name="picture.png"):
    """An uploaded image with this size and format."""
    buffer = BytesIO()
    Image.new("RGB", (width, height), "#3a7").save(buffer, kind)
    return ContentFile(buffer.getvalue(), name)
