"""Random changes of sites, tags and authors, and transactions that stay open or fail."""

from time import sleep, time

from django.contrib.sites.models import Site as SiteRow
from django.db import connections, transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from blogs.models import Author, Placement, Redirect, Tag
from tenancy import lifecycle
from tenancy.models import SiteSettings
from tests.support.admin import saved, send
from tests.support.pagecache.model import new_accent, new_domain, new_slug, new_word
from tests.support.pagecache.random_edits import Edits, names, numbers, ways
from tests.support.pagecache.random_reads import APPEARS_WITHIN

FIELDS = {
    "tagline": "tagline",
    "accent": "accent",
    "posts_per_page": "size",
}  # name in the database → name in the model


class SiteEdits(Edits):
    def row(self, site):
        return SiteRow.objects.select_related("settings").get(pk=site.key)

    @rule(number=numbers, field=st.sampled_from(sorted(FIELDS)), way=ways)
    def change_settings(self, number, field, way):
        site = self.site(number)
        value = {"tagline": new_word(), "accent": new_accent(), "posts_per_page": site.size % 3 + 1}[field]
        with self.change(f"{site.name}: {field} = {value} ({way})"):
            self.edit_settings(site, way, field, value)
            setattr(site, FIELDS[field], value)

    def edit_settings(self, site, way, field, value):
        rows = SiteSettings.objects.filter(site=site.key)
        if way == "update":
            rows.update(**{field: value})
        elif way == "admin":
            self.send_site(site, **{f"settings-0-{field}": value})
        else:
            settings = rows.get()
            setattr(settings, field, value)
            settings.save()

    def send_site(self, site, **values):
        response = send(self.admin, f"/sites/site/{site.key}/change/", **values)
        assert saved(response), response.content.decode()

    @rule(number=numbers, way=ways)
    def change_name(self, number, way):
        site, name = self.site(number), new_word()
        with self.change(f"{site.name} is called {name} from now on ({way})"):
            if way == "admin":
                self.send_site(site, name=name)
            else:
                self.edit(SiteRow, site.key, way, name=name)
            site.name = name

    @rule(number=numbers, keep_old=st.booleans(), to_a_known=st.booleans(), way=ways)
    def change_domain(self, number, keep_old, to_a_known, way):
        site, domain = self.site(number), new_domain()
        free = self.hosts - {host for other in self.world.sites.values() for host in (other.domain, *other.further)}
        if to_a_known and (known := sorted(free | site.further)):
            domain = self.random.choice(known)
        keep_old = keep_old or way == "admin"
        with self.change(f"{site.domain} becomes {domain} ({way}), which{' not' * (not keep_old)} redirects"):
            if way == "admin":
                self.send_site(site, domain=domain)
            else:
                lifecycle.rename(self.row(site), domain, keep_old=keep_old, by=None)
            site.further = (site.further | ({site.domain} if keep_old else set())) - {domain}
            site.domain = domain

    @rule(number=numbers)
    def add_or_remove_a_domain(self, number):
        site = self.site(number)
        if site.further:
            domain = min(site.further)
            with self.change(f"{site.domain} loses {domain}"):
                lifecycle.remove_domain(self.row(site), domain, by=None)
                site.further.remove(domain)
        else:
            domain = new_domain()
            with self.change(f"{site.domain} also has {domain}"):
                lifecycle.add_domain(self.row(site), domain, by=None)
                site.further.add(domain)

    @rule(number=numbers, way=ways)
    def suspend_or_resume(self, number, way):
        site = self.site(number)
        with self.change(f"{site.domain} is {'resumed' if site.suspended else 'suspended'} ({way})"):
            if way == "save":
                (lifecycle.resume if site.suspended else lifecycle.suspend)(self.row(site), by=None)
            else:
                self.edit_settings(site, way, "state", "live" if site.suspended else "suspended")
            site.suspended = not site.suspended

    @rule(number=numbers)
    def redirect_by_hand(self, number):
        """Add, change or delete a redirect."""
        site, new = self.site(number), f"/{new_slug()}/"
        free = sorted(site.redirects)
        with self.change(f"{site.domain}: a redirect is added, changed or deleted"):
            if len(free) > 2:
                Redirect.objects.filter(site=site.key, old_path=free[0]).delete()
                del site.redirects[free[0]]
            elif free:
                Redirect.objects.filter(site=site.key, old_path=free[0]).update(new_path=new)
                site.redirects[free[0]] = new
            else:
                Redirect.objects.create(site_id=site.key, old_path=f"{new[:-1]}-old/", new_path=new)
                site.redirects[f"{new[:-1]}-old/"] = new
                self.shared_paths.add(f"{new[:-1]}-old/")

    # -- tags and authors --------------------------------------------------------------------------------------------

    @rule(model=st.sampled_from([Tag, Author]), number=names, way=ways)
    def rename(self, model, number, way):
        known = self.known(model)
        key = sorted(known)[number]
        if model is Tag and self.held:
            return  # the open transaction may have locked the row
        name = new_word()
        with self.change(f"{known[key]} is called {name} ({way})"):
            self.edit(model, key, way, name=name)
            known[key].name = name

    @rule(model=st.sampled_from([Tag, Author]), number=names, way=ways)
    def change_slug_of_name(self, model, number, way):
        """Change the slug of a tag or an author on all sites."""
        known = self.known(model)
        old, new = known[sorted(known)[number]].slug, new_slug()
        if model is Tag and self.held:
            return
        with self.change(f"{old} becomes {new} ({way})"), transaction.atomic():
            for key in [key for key, name in known.items() if name.slug == old]:
                self.edit(model, key, "update" if way == "update" else "save", slug=new)
                known[key].slug = new

    def known(self, model):
        return self.world.tags if model is Tag else self.world.authors

    @rule(number=names, way=ways)
    def change_biography(self, number, way):
        key = sorted(self.world.authors)[number]
        with self.change(f"{self.world.authors[key]} gets a biography ({way})"):
            bio = new_word()
            self.edit(Author, key, way, bio=bio)
            self.world.authors[key].bio = bio

    # -- transactions ------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.held)
    @rule(number=names)
    def begin_transaction(self, number):
        """Change a tag on another connection. It commits after processes have already loaded newer changes."""
        key, name = sorted(self.world.tags)[number], new_word()
        connection = connections["default"].copy()
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE blogs_tag SET name = %s WHERE id = %s", [name, key])
        self.held = connection, key, name
        self.story.append(f"{time() % 1000:.3f} a transaction begins in which {self.world.tags[key]} is called {name}")

    @precondition(lambda self: self.held)
    @rule()
    def commit_transaction(self):
        connection, key, name = self.held
        with self.change("the transaction ends"):
            connection.commit()
            connection.close()
            self.held = None
            self.world.tags[key].name = name

    @rule(number=numbers)
    def roll_back(self, number):
        """Change a site in a transaction that is rolled back. No response may ever show this change."""
        site = self.site(number)
        with self.change(f"{site.domain}: a change that is rolled back"), transaction.atomic():
            SiteSettings.objects.filter(site=site.key).update(tagline=new_word())
            Placement.objects.filter(site=site.key).update(published_at=None)
            transaction.set_rollback(True)

    # -- time --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.scheduled)
    @rule()
    def wait_until_all_are_live(self):
        self.scheduled = False
        last = max(self.history.moments(time(), time() + 2), default=0)
        self.story.append(f"{time() % 1000:.3f} nothing happens until {last % 1000 + APPEARS_WITHIN:.3f}")
        sleep(max(0, last + APPEARS_WITHIN - time()))

    @rule(key=Edits.posts, number=numbers, way=ways)
    def schedule(self, key, number, way):
        """Schedule a post, and send requests before and after its publication time."""
        self.publish_or_withdraw(key, number, "soon", way)
        self.responses_are_correct()
        self.wait_until_all_are_live()

    def teardown(self):
        if getattr(self, "held", None):
            self.held[0].rollback()
            self.held[0].close()
