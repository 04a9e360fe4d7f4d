"""The redirects of a site are exported and imported as CSV, by `manage.py redirects` and by pages of the admin."""

import io
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from blogs import publishing, redirects
from blogs.models import Redirect, RedirectUse
from blogs.redirects import tables
from tests.support.admin import errors, form_of

pytestmark = pytest.mark.rollback

IMPORT, EXPORT = "/blogs/redirect/import/", "/blogs/redirect/export/"


def stored(site):
    return dict(Redirect.objects.on(site).values_list("old_path", "new_path"))


def reasons(site, table):
    with pytest.raises(ValidationError) as refusal:
        redirects.import_table(site, table, by=None)
    return refusal.value.messages


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_an_import_adds_and_changes_redirects_and_removes_none(techblog, financeblog):
    for old, new in (("/stays/", "/a/"), ("/changes/", "/b/"), ("/same/", "/c/")):
        redirects.save(Redirect(site=techblog, old_path=old, new_path=new), by=None)
    table = "old_path,new_path\n/new,/x/\n/Changes/,http://techblog.test/y/\n/same/,/c/\n/gone/,\n/p/*,/*\n\n"

    planned = redirects.plan_import(techblog, table, by=None)
    assert stored(techblog) == {"/stays/": "/a/", "/changes/": "/b/", "/same/": "/c/"}
    done = redirects.import_table(techblog, table, by=None)

    assert planned == done
    assert done.summary() == "3 new, 1 changed, 1 unchanged, 0 removed"
    assert stored(techblog) == {
        "/stays/": "/a/",
        "/changes/": "/y/",
        "/same/": "/c/",
        "/new/": "/x/",
        "/gone/": "",
        "/p/*": "/*",
    }
    assert not stored(financeblog)
    assert redirects.import_table(techblog, table, by=None).summary() == "0 new, 0 changed, 5 unchanged, 0 removed"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "table",
    [
        "old_path,new_path\n/a/,/b/\n",
        "\ufeffold_path;new_path\r\n/a/;/b/\r\n",
        "New_Path\told_path \n/b/\t/a/",
        'note,"old_path","new_path"\n"one,\ntwo",/a/,"/b/"\n',
    ],
)
def test_separators_quotes_byte_order_mark_and_further_columns_are_read(techblog, table):
    redirects.import_table(techblog, table, by=None)

    assert stored(techblog) == {"/a/": "/b/"}


def test_an_export_can_be_imported_unchanged_and_has_no_cell_that_a_spreadsheet_evaluates(techblog, financeblog):
    typed = {"/a/": "/b/", "/what%3F/": "", "/caf%C3%A9/": "https://elsewhere.test/x?a=1,2#y", "/=1+1/": "/@x/"}
    for old, new in typed.items():
        redirects.save(Redirect(site=techblog, old_path=old, new_path=new), by=None)
    redirects.save(Redirect(site=financeblog, old_path="/foreign/", new_path="/x/"), by=None)
    used = Redirect.objects.get(old_path="/a/")
    RedirectUse.objects.create(redirect=used, uses=7, last_used=date(2026, 11, 28))

    table = redirects.export(techblog, by=None)

    assert table.splitlines()[:1] == ["old_path,new_path,uses,last_used"]
    assert "/a/,/b/,7,2026-11-28" in table.splitlines()
    assert "foreign" not in table
    for line in tables._lines(table):
        assert line.old_path.startswith("/")
        assert line.new_path == "" or line.new_path.startswith(("/", "http"))
    assert redirects.import_table(techblog, table, by=None).summary() == "0 new, 0 changed, 4 unchanged, 0 removed"


def test_each_wrong_line_is_named_with_its_value_and_rule_and_nothing_is_imported(techblog, publish):
    publish("Hello", on=techblog)
    table = "\n".join(
        [
            "old_path,new_path",
            "/fine/,/x/",
            "/old/?p=1,/x/",
            "/hello/,/x/",
            "/a/,/b/",
            "/b/,/a/",
            "/fine,/y/",
            "old,//evil.test/",
            "/z/,javascript:alert(1)",
        ]
    )

    found = "\n".join(reasons(techblog, table))

    for text in (
        "Line 3: old_path: /old/?p=1 has a query",
        "Line 4: old_path: /hello/ is the address of a page of techblog.test",
        "Line 5: new_path: There would be a loop: /a/ → /b/ → /a/",
        "Line 7: old_path: /fine/ is already in line 2",
        "Line 8: old_path: “old” is not a path",
        "Line 8: new_path: “//evil.test/” is not a path",
        "Line 9: new_path: “javascript:alert(1)” is not a path",
    ):
        assert text in found
    assert not Redirect.objects.exists()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "Line 1 has no column old_path and no column new_path"),
        ("old_path,target\n/a/,/b/", "Line 1 has no column new_path"),
        ("old_path,new_path\n/a/", "Line 2 has 1 of 2 columns"),
        ('old_path,new_path\n"/a/"x,/b/', "Line 2 is not valid CSV"),
        ("old_path,new_path\n" + "x" * tables.MAX_BYTES, "more than 1,000,000 characters"),
        ("old_path,new_path\n" + "/a/,/b/\n" * (tables.MAX_LINES + 1), "more than 10,000 redirects"),
        ("old_path,new_path\n/a\0/,/b/", "Line 2"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_reason(techblog, table, reason):
    assert reason in " ".join(reasons(techblog, table))


def test_a_refusal_lists_a_limited_number_of_lines(techblog):
    messages = reasons(techblog, "old_path,new_path\n" + "x,y\n" * 500)

    assert len(messages) == tables.MAX_REASONS + 1
    assert "980 more errors are not listed" in messages[-1]


def test_chains_between_lines_and_with_stored_redirects_are_resolved(techblog):
    redirects.save(Redirect(site=techblog, old_path="/0/", new_path="/1/"), by=None)

    plan = redirects.import_table(techblog, "old_path,new_path\n/2/,/3/\n/1/,/2/\n/3/,/4/\n", by=None)

    assert stored(techblog) == dict.fromkeys(("/0/", "/1/", "/2/", "/3/"), "/4/")
    assert plan.summary() == "3 new, 0 changed, 0 unchanged, 0 removed, 1 of others follow"


def test_only_editors_of_the_site_import_and_export(techblog, financeblog, editor, author, member):
    table = "old_path,new_path\n/a/,/b/\n"
    for user in (author, member("editor", of=financeblog)):
        for call in (redirects.plan_import, redirects.import_table):
            with pytest.raises(PermissionDenied):
                call(techblog, table, by=user)
        with pytest.raises(PermissionDenied):
            redirects.export(techblog, by=user)
    assert not Redirect.objects.exists()

    redirects.import_table(techblog, table, by=editor)
    assert "/a/,/b/" in redirects.export(techblog, by=editor)


# -- manage.py redirects -----------------------------------------------------------------------------------------------


def run(*arguments):
    out = io.StringIO()
    call_command("redirects", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.sqlite
def test_the_command_imports_and_exports_and_a_dry_run_stores_nothing(techblog, tmp_path):
    table, exported = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("old_path,new_path\n/a/,/b/\n/gone/,\n")

    dry = run("import", "--site", "techblog.test", str(table), "--dry-run")
    assert "new /a/ → /b/" in dry and "new /gone/ → 410" in dry and "nothing was stored" in dry
    assert not Redirect.objects.exists()
    assert "2 new, 0 changed, 0 unchanged, 0 removed" in run("import", "--site", "techblog.test", str(table))
    run("export", "--site", "techblog.test", str(exported))

    assert exported.read_bytes().decode() == run("export", "--site", "techblog.test")
    assert "/gone/,,0," in exported.read_text()
    with pytest.raises(CommandError, match="Cannot create"):
        run("export", "--site", "techblog.test", str(exported))


def test_the_command_exports_only_unused_redirects_on_request(techblog):
    redirects.save(Redirect(site=techblog, old_path="/fresh/", new_path="/x/"), by=None)
    redirects.save(Redirect(site=techblog, old_path="/old/", new_path="/x/"), by=None)
    Redirect.objects.filter(old_path="/old/").update(created_at="2020-01-01T00:00Z")

    table = run("export", "--site", "techblog.test", "--unused", "90")

    assert "/old/" in table and "/fresh/" not in table


def test_the_command_refuses_a_wrong_table_an_unreadable_file_and_an_unknown_site(techblog, tmp_path):
    table = tmp_path / "in.csv"
    table.write_bytes(b"old_path,new_path\n/caf\xe9/,/b/\n")

    with pytest.raises(CommandError, match="Line 2 is not UTF-8"):
        run("import", "--site", "techblog.test", str(table))
    with pytest.raises(CommandError, match="Cannot read"):
        run("import", "--site", "techblog.test", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="No site has the domain"):
        run("import", "--site", "none.test", str(table))
    table.write_text("old_path,new_path\nold,/b/\n")
    with pytest.raises(CommandError, match="Line 2: old_path: “old” is not a path"):
        run("import", "--site", "techblog.test", str(table))
    for days in ("0", "x", "٣"):
        with pytest.raises(CommandError, match="is not a number of days"):
            run("export", "--site", "techblog.test", "--unused", days)


# -- the admin ---------------------------------------------------------------------------------------------------------

TABLE = "old_path,new_path\n/a/,/b/\n/gone/,\n"


def test_an_upload_shows_a_preview_and_then_imports_what_it_showed(techblog, editor, admin_as):
    client = admin_as(editor)
    file = SimpleUploadedFile("in.csv", TABLE.encode("utf-8-sig"))

    preview = client.post(IMPORT, {"site": techblog.pk, "file": file})
    page = preview.content.decode()
    assert "nothing is imported yet" in page and "2 new, 0 changed" in page and "gone (410)" in page
    assert not Redirect.objects.exists()
    filled = form_of(preview)
    assert filled["table"].replace("\r\n", "\n") == TABLE
    applied = client.post(IMPORT, filled | {"_apply": "Import"})

    assert applied.status_code == 302
    assert stored(techblog) == {"/a/": "/b/", "/gone/": ""}
    assert set(LogEntry.objects.values_list("object_repr", "change_message", "user")) == {
        ("/a/ → /b/", "Imported from a table.", editor.pk),
        ("/gone/ → 410", "Imported from a table.", editor.pk),
    }
    assert "2 new, 0 changed" in client.get("/blogs/redirect/").content.decode()


def test_redirects_that_changed_since_the_preview_are_previewed_again(techblog, editor, admin_as):
    client = admin_as(editor)
    filled = form_of(client.post(IMPORT, {"site": techblog.pk, "table": TABLE}))
    redirects.save(Redirect(site=techblog, old_path="/a/", new_path="/c/"), by=None)

    again = client.post(IMPORT, filled | {"_apply": "Import"})
    assert "have changed since the preview" in errors(again)
    assert stored(techblog) == {"/a/": "/c/"}
    assert client.post(IMPORT, form_of(again) | {"_apply": "Import"}).status_code == 302

    assert stored(techblog) == {"/a/": "/b/", "/gone/": ""}


def test_a_wrong_table_stays_in_the_form_with_its_errors(techblog, editor, admin_as):
    client = admin_as(editor)
    wrong = SimpleUploadedFile("in.csv", b"old_path,new_path\n/old/?x,/b/\n<script>,/c/\n")

    response = client.post(IMPORT, {"site": techblog.pk, "file": wrong})

    assert "Line 2: old_path: /old/?x has a query" in errors(response)
    assert "&lt;script&gt;" in response.content.decode() and "<script>,/c/" not in response.content.decode()
    assert "/old/?x,/b/" in form_of(response)["table"]
    assert "Choose a CSV file" in errors(client.post(IMPORT, {"site": techblog.pk}))
    assert "is not UTF-8" in errors(
        client.post(IMPORT, {"site": techblog.pk, "file": SimpleUploadedFile("in.csv", b"\xe9")})
    )
    large = SimpleUploadedFile("in.csv", b"x" * (tables.MAX_BYTES + 1))
    assert "1,000,001 bytes" in errors(client.post(IMPORT, {"site": techblog.pk, "file": large}))


def test_editors_import_and_export_on_their_own_sites_only(
    techblog, financeblog, editor, author, stranger, admin_as, superuser
):
    redirects.save(Redirect(site=financeblog, old_path="/secret/", new_path="/x/"), by=None)
    redirects.save(Redirect(site=techblog, old_path="/own/", new_path="/x/"), by=None)
    client = admin_as(editor)

    for forged in (financeblog.pk, 987654321, "x", "9" * 40):
        assert "valid choice" in errors(client.post(IMPORT, {"site": forged, "table": TABLE, "_apply": "1"}))
        assert client.get(EXPORT, {"site": forged}).status_code == 404
    assert "/a/" not in stored(financeblog)
    page = client.get(IMPORT).content.decode()
    assert "techblog.test" in page and "financeblog" not in page
    for user in (author, stranger):
        assert admin_as(user).get(IMPORT).status_code in (302, 403)
        assert admin_as(user).post(IMPORT, {"site": techblog.pk, "table": TABLE}).status_code in (302, 403)
        assert admin_as(user).get(EXPORT, {"site": techblog.pk}).status_code in (302, 403)

    exported = client.get(EXPORT, {"site": techblog.pk})
    assert exported["Content-Type"] == "text/csv; charset=utf-8"
    assert exported["Content-Disposition"] == 'attachment; filename="redirects-techblog.test.csv"'
    assert "/own/,/x/" in exported.content.decode()
    assert "/secret/" in admin_as(superuser).get(EXPORT, {"site": financeblog.pk}).content.decode()


def test_the_list_tells_which_redirects_are_gone_inactive_and_unused(techblog, publish, editor, admin_as):
    for old, new in (("/hello/", "/x/"), ("/gone/", ""), ("/used/", "/x/"), ("/never/", "/x/")):
        redirects.save(Redirect(site=techblog, old_path=old, new_path=new), by=None)
    publish("Hello", on=techblog)
    Redirect.objects.update(created_at="2020-01-01T00:00Z")
    RedirectUse.objects.create(
        redirect=Redirect.objects.get(old_path="/used/"), uses=3, last_used=timezone.now().date()
    )
    client = admin_as(editor)

    def listed(query):
        rows = client.get(f"/blogs/redirect/?{query}").context_data["cl"].queryset
        return set(rows.values_list("old_path", flat=True))

    page = client.get("/blogs/redirect/").content.decode()
    assert "inactive: a post has the address" in page and "gone (410)" in page
    assert listed("state=inactive") == {"/hello/"}
    assert listed("state=gone") == {"/gone/"}
    assert listed("state=redirect") == {"/hello/", "/used/", "/never/"}
    assert listed("use=unused") == {"/hello/", "/gone/", "/never/"}
    assert listed("use=never") == {"/hello/", "/gone/", "/never/"}
    assert listed("use=x") == set()


def test_an_inactive_redirect_is_active_again_when_the_post_is_unpublished(techblog, publish):
    redirects.save(Redirect(site=techblog, old_path="/hello/", new_path="/x/"), by=None)
    placement = publish("Hello", on=techblog)
    assert Redirect.objects.with_covered().get().is_covered

    publishing.unpublish(placement, by=None)

    assert not Redirect.objects.with_covered().get().is_covered
