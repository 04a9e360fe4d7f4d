"""A page stands in the frame of its own site, whatever happens to domains while it is rendered."""

from blogs.pages import rendering
from tenancy import lifecycle
from tests.support.reading import read


def test_a_domain_that_changes_hands_meanwhile_brings_no_other_sites_frame(techblog, financeblog, publish, monkeypatch):
    publish("Of the techblog", on=techblog, slug="p")
    frame_of = rendering.frame_of

    def hand_over(site):
        monkeypatch.setattr(rendering, "frame_of", frame_of)
        lifecycle.rename(techblog, "elsewhere.test", keep_old=False)
        lifecycle.rename(financeblog, "techblog.test", keep_old=False)
        return frame_of(site)

    monkeypatch.setattr(rendering, "frame_of", hand_over)
    body = read("techblog.test", "/p/").body.decode()

    assert "Of the techblog" in body
    assert "Financeblog" not in body
    assert read("techblog.test", "/p/").status == 404
