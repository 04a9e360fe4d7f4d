"""Parts of paths that several packages use."""

MEDIA_PREFIX = "/media/"  # of the images, audio and video on the host of a site
