"""A page shows the name, menu and theme of its own site, even if domains move while it is rendered."""

from blogs.pages import rendering
from tenancy import lifecycle
from tests.support.reading import read


def test_a_page_shows_its_own_site_if_its_domain_moves_to_another_site_during_rendering(
    techblog, financeblog, publish, monkeypatch
):
    publish("Of the techblog", on=techblog, slug="p")
    shared_context = rendering.shared_context

    def move_domains_first(site):
        monkeypatch.setattr(rendering, "shared_context", shared_context)
        lifecycle.rename(techblog, "elsewhere.test", keep_old=False, by=None)
        lifecycle.rename(financeblog, "techblog.test", keep_old=False, by=None)
        return shared_context(site)

    monkeypatch.setattr(rendering, "shared_context", move_domains_first)
    body = read("techblog.test", "/p/").body.decode()

    assert "Of the techblog" in body
    assert "Financeblog" not in body
    assert read("techblog.test", "/p/").status == 404
