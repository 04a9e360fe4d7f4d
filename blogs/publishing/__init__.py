"""All operations on content, as `tenancy/lifecycle.py` has all operations on sites.

The admin, the importer and the demo write posts, placements, files, tags and authors only with these functions. Each
function checks the permission of `by` and makes its change in one transaction. `by` is a user, or None for the operator
on the command line.

Each transaction locks the post first and then its placements. So an author cannot edit a draft while an editor
publishes it, and two transactions do not deadlock.
"""

from blogs.publishing.files import (
    FileInUse,
    create_file,
    delete_file,
    rename_file,
    validate_files_are_unused,
)
from blogs.publishing.names import (
    MAX_TAGS,
    blocking_posts,
    create_author,
    create_authors,
    create_tag,
    delete_author,
    delete_tag,
    edit_author,
    rename_tag,
    validate_new_tag,
    validate_number_of_tags,
    validate_tag_name,
)
from blogs.publishing.placements import (
    PlacementEdit,
    arrange,
    change_placement,
    place,
    publish,
    remove,
    unpublish,
    validate_placement,
)
from blogs.publishing.posts import NewPost, create_post, create_posts, delete_post, edit_post, validate_post
from blogs.publishing.rendering import render_again
from blogs.publishing.rows import Conflict

__all__ = [
    "MAX_TAGS",
    "Conflict",
    "FileInUse",
    "NewPost",
    "PlacementEdit",
    "arrange",
    "blocking_posts",
    "change_placement",
    "create_author",
    "create_authors",
    "create_file",
    "create_post",
    "create_posts",
    "create_tag",
    "delete_author",
    "delete_file",
    "delete_post",
    "delete_tag",
    "edit_author",
    "edit_post",
    "place",
    "publish",
    "remove",
    "rename_file",
    "rename_tag",
    "render_again",
    "unpublish",
    "validate_files_are_unused",
    "validate_new_tag",
    "validate_number_of_tags",
    "validate_placement",
    "validate_post",
    "validate_tag_name",
]
