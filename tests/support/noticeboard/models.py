from django.contrib.sites.models import Site
from django.db import models


class Notice(models.Model):
    site = models.ForeignKey(Site, models.CASCADE)
    text = models.CharField(max_length=100)

    def __str__(self):
        return self.text
