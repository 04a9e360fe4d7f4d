"""Images for tests."""

from io import BytesIO
from pathlib import Path

from django.core.files.base import ContentFile
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

SECRET = b"Secret words"  # in each kind of metadata of a photo
ICC_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
HEIC = Path(__file__).with_name("photo.heic")  # 48 × 64 when upright; red above white, with EXIF, GPS and a profile
TRANSPARENT_HEIC = Path(__file__).with_name("transparent.heic")


def picture(width=40, height=30, kind="PNG", name="picture.png"):
    """An uploaded image with this size and format."""
    buffer = BytesIO()
    Image.new("RGB", (width, height), "#3a7").save(buffer, kind)
    return ContentFile(buffer.getvalue(), name)


def photo(kind="JPEG", orientation=1, **options):
    """The bytes of a photo of 64 × 48 stored pixels, red on the left and white on the right, with much metadata."""
    image = Image.new("RGB", (64, 48), "white")
    image.paste("#c00", (0, 0, 32, 48))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.ImageDescription] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET.decode()}</x>")
    metadata = {"icc_profile": ICC_PROFILE, "exif": exif.tobytes(), "comment": SECRET}
    metadata |= {"pnginfo": text} if kind == "PNG" else {"xmp": b"<x>" + SECRET + b"</x>"}
    buffer = BytesIO()
    image.save(buffer, kind, **metadata, **options)
    return buffer.getvalue()


def animation(kind="GIF", frames=3, size=(40, 30), **options):
    """The bytes of an animation whose frames all differ."""
    images = [Image.new("RGB", size, (n * 60 % 256, 99, n // 4 % 256)) for n in range(frames)]
    buffer = BytesIO()
    if frames > 1:
        options |= {"save_all": True, "append_images": images[1:], "duration": 40, "loop": 0}
    images[0].save(buffer, kind, **options)
    return buffer.getvalue()
