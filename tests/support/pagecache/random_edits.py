"""Random changes of posts on three blogs, made in the database and then in the model."""

from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from time import time

from django.db import transaction
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, precondition, rule

from blogs import publishing
from blogs.models import Author, Placement, Tag
from blogs.models import Post as PostRow
from tenancy import lifecycle
from tests.support.admin import fields, saved, send
from tests.support.pagecache.model import (
    Name,
    Place,
    Post,
    Site,
    month,
    new_accent,
    new_domain,
    new_slug,
    new_word,
    on_site,
)
from tests.support.pagecache.random_reads import History

DAY = 24 * 3600
FEWEST_POSTS, MOST_POSTS = 3, 8

numbers = st.integers(0, 2)  # the index of a site, or of a placement of a post
names = st.integers(0, 5)  # the index of a tag or an author: each of three sites has two
states = st.sampled_from(["live", "draft", "soon", "far"])
ways = st.sampled_from(["save", "update", "admin"])


def text_of(word):
    return {"body": word, "body_html": f"<p>{word}</p>", "summary": word}


class Edits(RuleBasedStateMachine):
    posts = Bundle("posts")

    admin = None  # a client that is logged in as a superuser

    @initialize(target=posts, seed=st.integers(0, 2**32 - 1))
    def begin(self, seed):
        assume(seed)  # Hypothesis first tries an example of zeros only, which would repeat one rule
        self.random, self.history, self.story, self.held = Random(seed), History(), [], None
        self.scheduled = False  # whether a post becomes live within seconds
        self.hosts, self.shared_paths, self.paths = set(), {"/", "/feed/", "/sitemap.xml", "/robots.txt"}, {}
        before = self.history.before_change()
        for size in (1, 2, 3):
            site = Site(0, new_domain(), new_word(), new_word(), new_accent(), size)
            settings = {"tagline": site.tagline, "accent": site.accent, "posts_per_page": size}
            site.key = lifecycle.create(site.domain, site.name, theme=self.theme(), **settings, by=None).pk
            self.world.sites[site.key] = site
        self.create_names()
        self.history.committed(before)
        self.create_readers()
        self.remember_addresses()
        return multiple(
            self.write(0, {0, 1}, "live", is_page=False, tag=1),
            self.write(1, {0, 1, 2}, "live", is_page=False, tag=2),
            self.write(2, {0, 2}, "live", is_page=False, tag=0),
            self.write(2, {1, 2}, "live", is_page=True, tag=0),
        )

    def create_names(self):
        """Create two tags and two authors for each site. Their slugs are equal on all sites.

        A post without placements uses them, because publishing deletes those that a shared post leaves unused.
        """
        for kind, known in ((Tag, self.world.tags), (Author, self.world.authors)):
            for slug in (new_slug(), new_slug()):
                for site in self.world.sites:
                    name = Name(site, new_word(), slug, new_word() if kind is Author else "")
                    bio = {"bio": name.bio} if kind is Author else {}
                    known[kind.objects.create(site_id=site, name=name.name, slug=slug, **bio).pk] = name
        for site in self.world.sites:
            row = PostRow.objects.create(home_id=site, title="Unplaced")
            row.tags.set(Tag.objects.filter(site=site))
            row.authors.set(Author.objects.filter(site=site))

    @property
    def world(self):
        return self.history.world

    def remember_addresses(self):
        """Remember all hosts and paths that any site has ever had."""
        for site in self.world.sites.values():
            self.hosts |= {site.domain, *site.further}
        for kind, names in (("tag", self.world.tags), ("author", self.world.authors)):
            self.shared_paths |= {f"/{kind}/{name.slug}/" for name in names.values()}
        self.shared_paths |= {f"/tag/{name.slug}/feed/" for name in self.world.tags.values()}
        for place in self.world.places():
            self.paths.setdefault(place.site, set()).update({place.path, f"/?before={place.key}"})
            self.shared_paths |= {month(place)} if place.moment else set()

    def site(self, number):
        return self.world.sites[sorted(self.world.sites)[number]]

    def theme(self):
        return self.random.choice(["terminal", "broadsheet"])

    def moment(self, state):
        """The publication time for a state, as Unix time with the precision of the database. None for a draft."""
        self.scheduled |= state == "soon"
        later = {"live": -60 - self.random.random() * 40 * DAY, "soon": self.random.uniform(0.4, 1.5), "far": DAY}
        return None if state == "draft" else round(time() + later[state], 6)

    def place_of(self, post, number):
        places = sorted(self.world.posts[post].places.values(), key=lambda place: place.key)
        return places[number % len(places)] if places else None

    @contextmanager
    def change(self, step):
        """Send requests while the block changes the database, and record the change of the model at its end."""
        self.story.append(f"{time() % 1000:.3f} {step}")
        before = self.history.before_change()
        self.send_racing_requests()
        yield
        self.history.committed(before)
        self.story.append(f"{time() % 1000:.3f}   committed")

    # -- posts -------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.world.posts) < MOST_POSTS)
    @rule(target=posts, home=numbers, sites=st.sets(numbers), state=states, is_page=st.booleans(), tag=numbers)
    def write(self, home, sites, state, is_page, tag):
        home = self.site(home)
        post = Post(0, home.key, new_word(), new_word(), is_page)
        places = [Place(0, self.site(number).key, new_slug(), self.moment(state), is_page) for number in sorted(sites)]
        post.places = {place.site: place for place in places}
        for kind, chosen in (("tags", slice(tag)), ("authors", slice(tag, None))):
            slugs = sorted({name.slug for name in getattr(self.world, kind).values()})[chosen]
            self.world.keep_in_step(post, kind, slugs)
        post.places = {}
        with self.change(f"{home.name} writes {post} for {places}"), transaction.atomic():
            row = PostRow(home_id=home.key, title=post.title, kind="page" if is_page else "post", body=post.text)
            row.save()
            row.tags.set(post.tags)
            row.authors.set(post.authors)
            post.key = row.pk
            self.world.posts[post.key] = post
            for place in places:
                self.add_placement(post, place)
        return post.key

    def add_placement(self, post, place):
        """Publish the post on a site where it has no placement yet."""
        row = Placement(post_id=post.key, site_id=place.site, slug=place.slug, pinned=place.pinned)
        row.published_at = self.as_date(place.moment)
        row.save()
        place.key = row.pk
        post.places[place.site] = place

    def place(self, post, place):
        """Like `add_placement`, but by `blogs.publishing`, which also gives the post tags and authors of the site."""
        row = Placement(post_id=post.key, site_id=place.site, slug=place.slug, published_at=self.as_date(place.moment))
        publishing.place(row, by=None)
        place.key = row.pk
        post.places[place.site] = place
        if place.site != post.home:
            for kind in ("tags", "authors"):
                self.world.keep_in_step(post, kind, self.world.slugs_on(post.home, post, kind))

    def as_date(self, moment):
        return None if moment is None else datetime.fromtimestamp(moment, UTC)

    @rule(key=posts, number=numbers, state=states, way=ways)
    def publish_or_withdraw(self, key, number, state, way):
        site, post, moment = self.site(number), self.world.posts[key], self.moment(state)
        with self.change(f"{post.title} on {site.name} ({way}): {state} {moment}"):
            if site.key not in post.places:
                self.place(post, Place(0, site.key, new_slug(), moment))
            else:
                self.edit(Placement, post.places[site.key].key, way, published_at=self.as_date(moment))
                post.places[site.key].moment = moment

    @rule(key=posts, number=numbers, way=ways)
    def remove_from_a_site(self, key, number, way):
        if place := self.place_of(key, number):
            with self.change(f"{place} is removed ({way})"):
                rows = Placement.objects.filter(pk=place.key)
                rows.delete() if way == "update" else rows.get().delete()
                del self.world.posts[key].places[place.site]

    @rule(key=posts, way=ways)
    def edit_texts(self, key, way):
        post, title, text = self.world.posts[key], new_word(), new_word()
        with self.change(f"{post.title} gets the title {title} and the text {text} ({way})"):
            self.edit(PostRow, key, way, title=title, **text_of(text) if way == "update" else {"body": text})
            post.title, post.text = title, text

    def edit(self, model, key, way, **values):
        """Edit a row by `save` or `blogs.publishing`, by an UPDATE, or by the form of the admin."""
        if way == "update":
            model.objects.filter(pk=key).update(**values)
        elif way == "admin" and model is not Placement:
            address = f"/{model._meta.app_label}/{model._meta.model_name}/{key}/change/"
            ticked = {name: "on" for name in fields(self.admin, address) if name.endswith("-pinned")}
            response = send(self.admin, address, **ticked, **values)
            assert saved(response), response.content.decode()
        elif model is Placement:
            publishing.change_placement(Placement.objects.get(pk=key), values, by=None)
        else:
            row = model.objects.get(pk=key)
            vars(row).update(values)
            row.save()

    @rule(key=posts, number=numbers, way=ways, to_a_former=st.booleans())
    def change_slug(self, key, number, way, to_a_former):
        place = self.place_of(key, number)
        if place is None or (place.moment and 0 < place.moment - time() < 2):
            return  # chance would decide whether the old slug was live before the change
        site, old, slug = self.world.sites[place.site], place.path, new_slug()
        taken = {other.path for other in self.world.places() if other.site == site.key}
        if to_a_former and (former := sorted(set(site.redirects) - taken)):
            slug = former[0].strip("/")
        with self.change(f"{place} gets the slug {slug} ({way})"):
            self.edit(Placement, place.key, way, slug=slug)
            place.slug = slug
            if way != "update" and place.is_live(time()):
                site.moved(old, place.path)

    @rule(key=posts, number=numbers)
    def pin(self, key, number):
        if place := self.place_of(key, number):
            with self.change(f"{place} is {'unpinned' if place.pinned else 'pinned'}"):
                Placement.objects.filter(pk=place.key).update(pinned=not place.pinned)
                place.pinned = not place.pinned

    @rule(key=posts, kind=st.sampled_from(["tags", "authors"]), number=names, way=ways)
    def label(self, key, kind, number, way):
        """Add or remove a tag or an author of one site. In the admin, of the home and so of all sites of the post."""
        post, known = self.world.posts[key], getattr(self.world, kind)
        own, other = getattr(post, kind), sorted(known)[number]
        with self.change(f"{post.title}: {kind} {own} ^ {other} ({way})"):
            if way == "admin" and kind == "tags":
                slugs = self.world.slugs_on(post.home, post, kind) ^ {known[other].slug}
                self.world.keep_in_step(post, kind, slugs)
            else:
                own ^= {other}
            row = PostRow.objects.get(pk=key)
            through = getattr(PostRow, kind).through.objects
            link = {"post_id": key, f"{kind[:-1]}_id": other}
            if way == "save":
                getattr(row, kind).set(own)
            elif way == "admin" and kind == "tags":
                self.edit(
                    PostRow, key, way, tag_names=", ".join(tag.name for tag in on_site(post.home, known, post.tags))
                )
            elif other in own:
                through.bulk_create([through.model(**link)])
            else:
                through.filter(**link).delete()

    @rule(key=posts, number=numbers, way=ways)
    def move_home(self, key, number, way):
        post, home = self.world.posts[key], self.site(number)
        with self.change(f"{post.title} moves to its new home {home.name} ({way})"):
            self.edit(PostRow, key, way, **{"home" if way == "admin" else "home_id": home.key})
            slugs = {kind: self.world.slugs_on(post.home, post, kind) for kind in ("tags", "authors")}
            has_moved, post.home = post.home != home.key, home.key
            if way == "admin" and has_moved:
                for kind in slugs:
                    self.world.keep_in_step(post, kind, slugs[kind])

    @precondition(lambda self: len(self.world.posts) > FEWEST_POSTS)
    @rule(key=consumes(posts), way=ways)
    def delete_post(self, key, way):
        with self.change(f"{self.world.posts[key].title} is deleted ({way})"):
            rows = PostRow.objects.filter(pk=key)
            rows.delete() if way == "update" else rows.get().delete()
            del self.world.posts[key]
