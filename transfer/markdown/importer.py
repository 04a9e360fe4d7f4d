"""Imports files as posts of a site, each in its own transaction."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from blogs import markdown
from blogs.models import Image
from transfer.markdown import drafts, files, writer
from transfer.markdown.images import Pictures
from transfer.markdown.links import OwnDomains
from transfer.markdown.outcomes import Broken, Edited, Outcome, Verdict
from transfer.markdown.preparation import Prepared, prepare
from transfer.models import ImportedFile

logger = logging.getLogger(__name__)

PATH_LENGTH = 500  # max_length of ImportedFile.path


class Importer:
    """Imports the files below `folder` into `site`. `media` is another folder that is searched for images.

    With `dry_run` every transaction is rolled back. With `overwrite` a changed file replaces its
    post even if the post was edited after the import.
    """

    def __init__(
        self, site: Site, folder: Path, *, media: Path | None = None, dry_run: bool = False, overwrite: bool = False
    ) -> None:
        self.site = site
        self.folder = folder
        self.dry_run = dry_run
        self.overwrite = overwrite
        self.zone = ZoneInfo(site.settings.time_zone)
        self.own_domains = OwnDomains(site.domains.values_list("name", flat=True))
        self.pictures = Pictures(site, [folder, *([media] if media else [])])
        self.records = {record.path: record for record in ImportedFile.objects.filter(site=site)}
        self.writer = writer.Writer(site, taken=set())
        # Digests of the counted images. A dry run stores an image again for each file that shows it.
        self.counted: set[str] = set()

    def run(self, path: Path) -> Outcome:
        """Import one file. An error becomes the outcome of this file and does not stop the import of others."""
        name = files.name_below(path, self.folder)
        try:
            return self._import(path, name)
        except Edited as error:
            return Outcome(name, Verdict.SKIPPED, reason=str(error))
        except Broken as error:
            return _broken(name, error.reason, error.line)
        except ValidationError as error:
            return _broken(name, " ".join(error.messages))
        except (markdown.TooLarge, OSError) as error:
            return _broken(name, str(error))
        except DatabaseError as error:
            return _broken(name, f"the database refused the post: {str(error).partition(chr(10))[0]}")
        except Exception as error:
            # An unforeseen error must not stop the import of the other files.
            logger.exception("%s could not be imported.", name)
            return _broken(name, f"{type(error).__name__}: {error}")

    def _import(self, path: Path, name: str) -> Outcome:
        if len(name) > PATH_LENGTH:
            raise Broken(f"the path of the file has more than {PATH_LENGTH} characters")
        source = files.read_text(path, self.folder)
        draft = drafts.read(source, name, self.zone)
        prepared = prepare(draft, source, path, self.own_domains, self.pictures)
        record = self.records.get(name)
        if record and record.digest == prepared.digest:
            return Outcome(name, Verdict.UNCHANGED, notes=prepared.notes)
        return self._store(prepared, record, name)

    def _store(self, prepared: Prepared, record: ImportedFile | None, name: str) -> Outcome:
        with self._transaction() as new_images:
            post = writer.lock_unedited_post(record, overwrite=self.overwrite) if record else None
            wanted = prepared.pictures()
            for digest in wanted.keys() - self.pictures.stored.keys():
                new_images[digest] = self.pictures.store(wanted[digest])
            placement, notes = self.writer.write(prepared, post, {**self.pictures.stored, **new_images})
            left_as = writer.state_of(placement.post)
            saved, _ = ImportedFile.objects.update_or_create(
                site=self.site,
                path=name,
                defaults={"post": placement.post, "digest": prepared.digest, "left_as": left_as},
            )
        self.writer.taken.add(placement.slug)
        if not self.dry_run:
            self.records[name] = saved
        images = len(new_images.keys() - self.counted)
        self.counted |= new_images.keys()
        verdict = Verdict.UPDATED if record else Verdict.CREATED
        return Outcome(name, verdict, placement.get_absolute_url(), images=images, notes=[*prepared.notes, *notes])

    @contextmanager
    def _transaction(self) -> Iterator[dict[str, Image]]:
        """Run a transaction and yield a dictionary for new images, which later files use after the commit."""
        new_images: dict[str, Image] = {}
        with transaction.atomic():
            yield new_images
            transaction.set_rollback(self.dry_run)
        if not self.dry_run:
            self.pictures.stored.update(new_images)


def _broken(name: str, reason: str, line: int | None = None) -> Outcome:
    return Outcome(name, Verdict.SKIPPED, reason=reason, line=line, broken=True)
