"""Imports files as posts of a site.

New files are stored in batches, each in one transaction, because most of the time of a small transaction goes into
statements that a batch needs only once. If a batch fails, each of its files is stored in a transaction of its own, so
that a file that cannot be stored affects no other. A file that changes a post has a transaction of its own.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.sites.models import Site
from django.db import transaction

from blogs.models import Image, MediaFile, Placement, Post
from transfer.dialects import Dialect
from transfer.markdown.drafts import Draft
from transfer.markdown.guard import guarded
from transfer.markdown.images import Pictures
from transfer.markdown.outcomes import Broken, Edited, Outcome, Subject, Verdict
from transfer.markdown.parsed_files import ParsedFiles
from transfer.markdown.plan import plan
from transfer.markdown.preparation import Prepared, prepare
from transfer.markdown.source import files
from transfer.markdown.storing import writer
from transfer.markdown.storing.records import Record, Records
from transfer.markdown.text.links import OwnDomains
from transfer.models import ImportedFile

logger = logging.getLogger(__name__)

PATH_LENGTH = 500  # max_length of ImportedFile.path
BATCH_FILES = 16  # A transaction that changes more posts delays all other commits (MAX_KEYS, tenancy/changes).
BATCH_SIZE = 500_000  # Characters of text. The last file of a batch may exceed it.


class _File(NamedTuple):
    """A file that is new or has changed. `record` is that of its last import."""

    name: str
    prepared: Prepared
    record: Record | None
    source: str  # digest of the file
    size: int  # characters

    @property
    def imported_as(self) -> str:
        """The path of the file in its last import, if it differs."""
        return self.record.path if self.record and self.record.path != self.name else ""


class Importer:
    """Imports the files below `folder` into `site`. `media` is another folder that is searched for images.

    With `dry_run` every transaction is rolled back. With `overwrite` a changed file replaces its post even if the post
    was edited after the import.
    """

    def __init__(
        self,
        site: Site,
        folder: Path,
        dialect: Dialect,
        *,
        media: Path | None = None,
        dry_run: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.site = site
        self.folder = folder
        self.dialect = dialect
        self.dry_run = dry_run
        self.overwrite = overwrite
        self.parsed_files = ParsedFiles(folder, ZoneInfo(site.settings.time_zone), dialect)
        self.own_domains = OwnDomains(site.domains.values_list("name", flat=True))
        inside = [folder / name for name in (*dialect.static_folders, *dialect.content_folders)]
        folders = [folder, *(each for each in inside if each.is_dir()), *([media] if media else [])]
        self.pictures = Pictures(site, folders)
        self.records = Records(site, dry_run=dry_run)
        self.writer = writer.Writer(site)
        # Digests of the counted images. A dry run stores an image again in each transaction that needs it.
        self.counted: set[str] = set()

    def run(self, paths: Sequence[Path]) -> Iterator[Outcome]:
        """Import the files. The outcomes have the order of `paths`.

        An error becomes the outcome of its file and does not stop the import of others.
        """
        named = [(files.name_below(path, self.folder), path) for path in paths]
        self.records.match({name for name, _ in named})
        self.plan = plan(self.site, self.dialect, self._planned(named), self.writer)
        batch: list[_File | Outcome] = []
        size = 0
        for name, path in named:
            file = guarded(name, lambda path=path, name=name: self._read(path, name))  # type: ignore[misc]
            batch.append(file)
            size += file.size if isinstance(file, _File) else 0
            if len(batch) == BATCH_FILES or size > BATCH_SIZE:
                yield from self._store(batch)
                batch, size = [], 0
        yield from self._store(batch)

    def _planned(self, named: Iterable[tuple[str, Path]]) -> Iterator[tuple[Draft, Record | None]]:
        """The drafts of all files that can be parsed. `_read` reports the errors of the others."""
        for name, path in named:
            parsed = guarded(name, lambda path=path, name=name: self.parsed_files.parse(path, name))  # type: ignore[misc]
            if not isinstance(parsed, Outcome):
                yield parsed.draft, self.records.find(name, parsed.digest)

    def _read(self, path: Path, name: str) -> _File | Outcome:
        if len(name) > PATH_LENGTH:
            raise Broken(f"the path of the file has more than {PATH_LENGTH} characters")
        text, draft, source = self.parsed_files.take(path, name)
        prepared = prepare(self.plan.with_slug(draft), text, path, self.own_domains, self.pictures, self.plan.catalogue)
        file = _File(name, prepared, self.records.find(name, source), source, len(text))
        if file.record and file.record.digest == prepared.digest:
            return self._unchanged(file, file.record)
        return file

    def _store(self, batch: Sequence[_File | Outcome]) -> Iterator[Outcome]:
        created = self._create_together([file for file in batch if isinstance(file, _File) and not file.record])
        for file in batch:
            if isinstance(file, Outcome):
                yield file
            elif file.name in created:
                yield created[file.name]
            else:
                yield guarded(file.name, lambda file=file: self._store_alone(file))  # type: ignore[misc]

    def _create_together(self, new: Sequence[_File]) -> dict[str, Outcome]:
        """The outcomes by path, or nothing if one of the files cannot be stored."""
        if len(new) < 2:
            return {}
        try:
            return {outcome.path: outcome for outcome in self._create(new)}
        except Exception as error:  # noqa: BLE001  # storing each file alone reports the error at its file
            logger.info("%s files could not be stored together: %s", len(new), error)
            return {}

    def _store_alone(self, file: _File) -> Outcome:
        return self._update(file, file.record) if file.record else self._create([file])[0]

    def _create(self, new: Sequence[_File]) -> list[Outcome]:
        with self._transaction() as new_images:
            fresh = [self._store_images(file.prepared, new_images) for file in new]
            written = self.writer.create([file.prepared for file in new], {**self.pictures.stored, **new_images})
            ImportedFile.objects.bulk_create(
                ImportedFile(
                    site=self.site,
                    path=file.name,
                    post=each.placement.post,
                    digest=file.prepared.digest,
                    source=file.source,
                    left_as=each.state,
                )
                for file, each in zip(new, written, strict=True)
            )
        if self.dry_run:
            self.writer.taken |= {each.placement.slug for each in written}
        return [self._outcome(*each, Verdict.CREATED) for each in zip(new, written, fresh, strict=True)]

    def _update(self, file: _File, record: Record) -> Outcome:
        with self._transaction() as new_images:
            post = writer.lock_unedited_post(record, overwrite=self.overwrite)
            if not self.overwrite and self._would_lose_images(file.prepared, post):
                if file.source == record.source:
                    return self._unchanged(file, record)
                raise Edited(
                    "the post shows images that this import does not find; import the folder that contains them, or use"
                    " --overwrite to replace the post"
                )
            fresh = self._store_images(file.prepared, new_images)
            written = self.writer.edit(file.prepared, post, {**self.pictures.stored, **new_images})
            record.digest, record.source, record.left_as = file.prepared.digest, file.source, written.state
            record.save(update_fields=["digest", "source", "left_as"])
        return self._outcome(file, written, fresh, Verdict.UPDATED)

    def _would_lose_images(self, prepared: Prepared, post: Post) -> bool:
        """Whether images of the post are missing now, for example because the import starts in a folder below."""
        misses_some = any(note.subject is Subject.IMAGE for note in prepared.notes)
        return misses_some and len(prepared.pictures()) < post.images.count()

    def _store_images(self, prepared: Prepared, new_images: dict[str, Image | MediaFile]) -> set[str]:
        """Add the images of the file that are not stored yet to `new_images`, and return their digests."""
        wanted = prepared.pictures()
        fresh = [digest for digest in wanted if digest not in self.pictures.stored and digest not in new_images]
        for digest in fresh:
            new_images[digest] = self.pictures.store(wanted[digest])
        return set(fresh)

    @contextmanager
    def _transaction(self) -> Iterator[dict[str, Image | MediaFile]]:
        """Run a transaction and yield a dictionary for new images, which later files use after the commit."""
        new_images: dict[str, Image | MediaFile] = {}
        kept = False
        try:
            with transaction.atomic():
                yield new_images
                transaction.set_rollback(self.dry_run)
            kept = not self.dry_run
        finally:
            if kept:
                self.pictures.stored.update(new_images)
            else:
                self.writer.forget()

    def _unchanged(self, file: _File, record: Record) -> Outcome:
        placement = Placement(slug=record.slug or "", published_at=record.published_at)
        return self._described(file, placement, Verdict.UNCHANGED)

    def _outcome(self, file: _File, written: writer.Written, fresh: set[str], verdict: Verdict) -> Outcome:
        outcome = self._described(file, written.placement, verdict)
        outcome.images = len(fresh - self.counted)
        self.counted |= fresh
        outcome.notes += written.notes
        return outcome

    def _described(self, file: _File, placement: Placement, verdict: Verdict) -> Outcome:
        draft = file.prepared.draft
        return Outcome(
            file.name,
            verdict,
            placement.get_absolute_url() if placement.slug else "",
            notes=list(file.prepared.notes),
            state=placement.state,
            unpublished_because=draft.unpublished_because if placement.state == Placement.State.DRAFT else "",
            ignored_fields=draft.ignored_fields,
            imported_as=file.imported_as,
        )
