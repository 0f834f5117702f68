"""The shapes of repositories in docs/repositories.md: how git makes each, and what must hold.

Each maker gets a repository with one commit, whose files are ``a``, ``b`` and ``run``, and may
return another checkout to work in.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.checkout import commit, git

Maker = Callable[[Path], Path | None]
Check = Callable[[Path], None]


@dataclass(frozen=True)
class Shape:
    """One shape; ``holds`` is for readers. ``refused`` is the reason if no sprint can ship."""

    group: str
    name: str
    holds: str
    make: Maker
    check: Check = lambda repo: None
    refused: str = ""


SHAPES: list[Shape] = []
SAME = "Shipped; all other files and modes stay as they are."


def shape(
    group: str, name: str, holds: str = SAME, check: Check = lambda repo: None, **more: str
) -> Callable[[Maker], Maker]:
    """Add a shape that the function makes."""

    def add(make: Maker) -> Maker:
        SHAPES.append(Shape(group, name, holds, make, check, **more))
        return make

    return add


def track(repo: Path, files: dict[str, bytes], *flags: str) -> None:
    """Commit files of bytes."""
    for name, data in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    git(repo, *flags, "add", "--force", "--", *files)
    git(repo, *flags, "commit", "-q", "-m", "More")


def config(repo: Path, **values: str) -> None:
    """Set configuration; a double underline stands for the dot."""
    for key, value in values.items():
        git(repo, "config", key.replace("__", "."), value)


def fresh(repo: Path) -> None:
    """Check every file out again, as under the present attributes."""
    for name in git(repo, "ls-files").split("\n"):
        (repo / name).unlink(missing_ok=True)
    git(repo, "checkout", "-q", "--", ".")


def has(name: str, data: bytes) -> Check:
    """A check that a file in the checkout has these bytes."""

    def check(repo: Path) -> None:
        assert (repo / name).read_bytes() == data, name

    return check


def absent(name: str) -> Check:
    """A check that there is no such file in the checkout."""

    def check(repo: Path) -> None:
        assert not os.path.lexists(repo / name), name

    return check


def stashed(repo: Path) -> None:
    """Check that the stash is there."""
    assert git(repo, "show", "stash@{0}:b") == "stashed"


# Attributes


@shape("attributes", "`* text=auto`, files with LF")
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"* text=auto\n"})


@shape("attributes", "`*.txt text eol=crlf`", "Shipped; untouched files keep CRLF on disk.",
       has("t.txt", b"1\r\n2\r\n"))  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"*.txt text eol=crlf\n", "t.txt": b"1\r\n2\r\n"})


@shape("attributes", "`* -text`, with CRLF and binary files")
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"* -text\n", "w": b"1\r\n2\n", "x.bin": bytes(range(256))})


@shape("attributes", "`export-ignore`, `export-subst`, `linguist-*`")
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"b export-ignore linguist-generated\nrun export-subst\n"})


@shape("attributes", "`merge=union` and `merge=ours`")
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"a merge=union\nb merge=ours\n"})


@shape("attributes", "a macro attribute of the user's own")
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"[attr]lock -diff -merge\nb lock\n"})


@shape("attributes", "`diff=words` with a `textconv` program", "Shipped; the program never runs.",
       absent("ran"))  # fmt: skip
def _(repo: Path) -> None:
    config(repo, diff__words__textconv=f"touch {repo}/ran; cat")
    track(repo, {".gitattributes": b"* diff=words\n"})


@shape("attributes", "`merge=mine` with a driver of the user's own",
       "Shipped; the driver never runs.", absent("ran"))  # fmt: skip
def _(repo: Path) -> None:
    config(repo, merge__mine__driver=f"touch {repo}/ran; false")
    track(repo, {".gitattributes": b"* merge=mine\n"})


@shape("attributes", "`.git/info/attributes` with `eol=crlf`",
       "Shipped; untouched files keep CRLF on disk.", has("t.txt", b"1\r\n"))  # fmt: skip
def _(repo: Path) -> None:
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "attributes").write_text("*.txt text eol=crlf\n")
    track(repo, {"t.txt": b"1\r\n"})


@shape("attributes", "`.gitattributes` in a folder")
def _(repo: Path) -> None:
    track(repo, {"s/.gitattributes": b"* -text\n", "s/w": b"1\r\n"})


# Excludes


@shape("excludes", "a `.gitignore` with a negation in a folder",
       "Shipped without the ignored files that the agent makes.", absent("out/x.log"))  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {".gitignore": b"*.log\n", "out/.gitignore": b"!keep.log\n", "out/keep.log": b"k"})


@shape("excludes", "`.gitignore` ignores everything; files were added by force",
       "Shipped: files that Git tracks; ignored new files are left out.",
       absent("new/b"))  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {".gitignore": b"*\n"})


@shape("excludes", "a `.gitignore` with CRLF and a comment")
def _(repo: Path) -> None:
    track(repo, {".gitignore": b"# none\r\n*.log\r\n"})


@shape("excludes", "`.gitignore` names a folder with a tracked file")
def _(repo: Path) -> None:
    track(repo, {".gitignore": b"kept/\n", "kept/file": b"1"})


@shape("excludes", "`status.showUntrackedFiles=no`")
def _(repo: Path) -> None:
    config(repo, status__showUntrackedFiles="no")


# Line ends and content


@shape("line ends", "a file with LF, CRLF and CR")
def _(repo: Path) -> None:
    track(repo, {"mixed": b"1\n2\r\n3\r4"})


@shape("line ends", "`core.autocrlf=input`")
def _(repo: Path) -> None:
    config(repo, core__autocrlf="input")


@shape("line ends", "`core.eol=crlf` with `text=auto`",
       "Shipped; untouched files keep CRLF on disk.", has("b", b"none\r\n"))  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {".gitattributes": b"* text=auto\n"})
    config(repo, core__eol="crlf")
    fresh(repo)


@shape("line ends", "`core.safecrlf=true` with `core.autocrlf=true`")
def _(repo: Path) -> None:
    config(repo, core__autocrlf="true", core__safecrlf="true")
    fresh(repo)


@shape("line ends", "a byte order mark, and no newline at the end")
def _(repo: Path) -> None:
    track(repo, {"bom": b"\xef\xbb\xbfone"})


@shape("line ends", "an empty file, and one of NUL bytes")
def _(repo: Path) -> None:
    track(repo, {"empty": b"", "nul": bytes(5000)})


# Names of branches, tags and files


def branch(name: str) -> Maker:
    """A maker that renames the branch."""

    def make(repo: Path) -> None:
        git(repo, "branch", "-m", name)

    return make


for described, name in (
    ("with slashes", "team/ada/fix"),
    ("that is not ASCII", "größe-日本"),
    ("with quotes and signs", "it's+100%@home,ok"),
    ("of 200 characters", "n" * 200),
    ("named as a file", "a"),
    ("named `heads/main`", "heads/main"),
    ("named `refs/heads/x`", "refs/heads/x"),
):
    shape("names", f"a branch {described}")(branch(name))


@shape("names", "a tag named as the branch", "Shipped to the branch; the tag stays.")
def _(repo: Path) -> None:
    git(repo, "tag", "main")
    track(repo, {"c": b"later"})


@shape("names", "HEAD at a symbolic ref", "Shipped to the branch that the symbolic ref names.")
def _(repo: Path) -> None:
    git(repo, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(repo, "symbolic-ref", "HEAD", "refs/heads/alias")


@shape("names", "all refs packed")
def _(repo: Path) -> None:
    for number in range(30):
        git(repo, "tag", f"t{number}")
    git(repo, "pack-refs", "--all")


@shape("names", "files with spaces, quotes, tabs and newlines")
def _(repo: Path) -> None:
    track(repo, {"a b": b"1", 'q"\\': b"2", "tab\tx": b"3", "new\nline": b"4", "-rf": b"5"})


@shape("names", "files that differ by case or by Unicode form")
def _(repo: Path) -> None:
    track(repo, {"A": b"1", "\u00e9": b"2", "e\u0301": b"3"})


@shape("names", "a file name of 255 bytes and 30 folders")
def _(repo: Path) -> None:
    track(repo, {"n" * 255: b"1", "d/" * 30 + "f": b"2"})


@shape("names", "glob and pathspec signs in file names")
def _(repo: Path) -> None:
    for name in ("*", "[a]", ":(top)x", "!x", "#x"):
        (repo / name).write_text(name)
    git(repo, "--literal-pathspecs", "add", "--", "*", "[a]", ":(top)x", "!x", "#x")
    git(repo, "commit", "-q", "-m", "More")


# Modes


@shape("modes", "`core.fileMode=false`, and a file whose mode differs")
def _(repo: Path) -> None:
    config(repo, core__fileMode="false")
    (repo / "b").chmod(0o755)


@shape("modes", "links: relative, dangling, and out of the repository",
       "Shipped; the links stay, and nothing is written through them.")  # fmt: skip
def _(repo: Path) -> None:
    for name, target in (("l1", "b"), ("l2", "nowhere"), ("l3", "/etc/hostname")):
        (repo / name).symlink_to(target)
    git(repo, "add", "l1", "l2", "l3")
    git(repo, "commit", "-q", "-m", "Links")


@shape("modes", "`core.symlinks=false`", "Shipped; a link stays the file that Git has made of it.")
def _(repo: Path) -> None:
    (repo / "l1").symlink_to("b")
    git(repo, "add", "l1")
    git(repo, "commit", "-q", "-m", "Link")
    config(repo, core__symlinks="false")
    fresh(repo)
    assert not (repo / "l1").is_symlink()


@shape("modes", "`core.sharedRepository=group`")
def _(repo: Path) -> None:
    config(repo, core__sharedRepository="group")


@shape("modes", "files that only their owner can read")
def _(repo: Path) -> None:
    (repo / "b").chmod(0o600)


# Dates and people


def dated(when: str) -> Maker:
    """A maker of a commit with that date."""

    def make(repo: Path) -> None:
        (repo / "c").write_text("c")
        git(repo, "add", "c")
        git(repo, "commit", "-q", "--date", when, "-m", "Dated")
        # The committer's date, by which git orders, is set through the object itself.
        text = git(repo, "cat-file", "commit", "HEAD").replace(
            git(repo, "log", "-1", "--format=%ct"), when.partition(" ")[0].removeprefix("@")
        )
        (repo / ".git" / "text").write_text(f"{text}\n")
        made = git(repo, "hash-object", "-t", "commit", "-w", "--literally", ".git/text")
        git(repo, "update-ref", "HEAD", made)
        (repo / ".git" / "text").unlink()

    return make


shape("dates", "the newest commit is of 2099")(dated("@4070908800 +0000"))
shape("dates", "the newest commit is of 1970")(dated("@1000 +0000"))
shape("dates", "a time zone of +1400")(dated("@1700000000 +1400"))


@shape("dates", "a message in ISO-8859-1, and an empty one")
def _(repo: Path) -> None:
    config(repo, i18n__commitEncoding="ISO-8859-1")
    track(repo, {"c": b"c"})
    git(repo, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")


# Hooks


def hook(name: str, text: str = "exit 1") -> Maker:
    """A maker of a hook that would refuse, and that leaves a file where it runs."""

    def make(repo: Path) -> None:
        path = repo / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {repo}/ran\n{text}\n")
        path.chmod(0o755)

    return make


for name in ("pre-commit", "commit-msg", "pre-merge-commit", "post-checkout",
             "post-merge", "post-index-change", "reference-transaction"):  # fmt: skip
    shape("hooks", f"a `{name}` hook that fails", "Shipped; the hook does not run.",
          absent("ran"))(hook(name))  # fmt: skip


@shape("hooks", "`core.hooksPath` in the repository", "Shipped; the hooks do not run.",
       absent("ran"))  # fmt: skip
def _(repo: Path) -> None:
    hook("pre-commit")(repo)
    config(repo, core__hooksPath=str(repo / ".git" / "hooks"))


@shape("hooks", "`core.fsmonitor` names a program", "Shipped; the program does not run.",
       absent("ran"))  # fmt: skip
def _(repo: Path) -> None:
    hook("monitor")(repo)
    config(repo, core__fsmonitor=f"{repo}/.git/hooks/monitor")


# Templates and configuration


@shape("templates", "`commit.template`, `commit.gpgSign` and `tag.gpgSign`",
       "Shipped, unsigned and with the gateway's own message.")  # fmt: skip
def _(repo: Path) -> None:
    config(repo, commit__template="/nonexistent", commit__gpgSign="true", tag__gpgSign="true")


@shape("templates", "`init.templateDir` with a hook", "Shipped; the template is not used.",
       absent("ran"))  # fmt: skip
def _(repo: Path) -> None:
    hook("post-checkout")(repo)
    config(repo, init__templateDir=str(repo / ".git"))


@shape("templates", "an `include.path` to a file that is not there")
def _(repo: Path) -> None:
    config(repo, include__path="/nonexistent/config")


@shape("templates", "`merge.ff=only`, `pull.rebase=true` and `merge.renames=false`")
def _(repo: Path) -> None:
    config(repo, merge__ff="only", pull__rebase="true", merge__renames="false")


@shape("templates", "index version 4 and `feature.manyFiles`")
def _(repo: Path) -> None:
    config(repo, feature__manyFiles="true")
    git(repo, "update-index", "--index-version", "4")


@shape("templates", "a split index")
def _(repo: Path) -> None:
    git(repo, "update-index", "--split-index")


# Alternates and objects


@shape("alternates", "a clone that shares the objects of another (`--shared`)")
def _(repo: Path) -> Path:
    git(repo.parent, "clone", "-q", "--shared", str(repo), "other")
    return repo.parent / "other"


@shape("alternates", "a shallow clone", "Refused before the start; the reason names the command.",
       refused="is a shallow clone; type: git")  # fmt: skip
def _(repo: Path) -> Path:
    track(repo, {"c": b"c"})
    git(repo.parent, "clone", "-q", "--depth=1", f"file://{repo}", "other")
    return repo.parent / "other"


@shape("alternates", "a SHA-256 repository", "Refused before the start.",
       refused="are sha256; only sha1")  # fmt: skip
def _(repo: Path) -> Path:
    other = repo.parent / "other"
    git(repo.parent, "init", "-q", "-b", "main", "--object-format=sha256", "other")
    commit(other, {"a": "one\n"})
    return other


@shape("alternates", "no commit yet", "Refused before the start; the reason names the command.",
       refused="has no commit yet")  # fmt: skip
def _(repo: Path) -> Path:
    git(repo.parent, "init", "-q", "other")
    return repo.parent / "other"


@shape("alternates", "a submodule in the tree", "Refused before the start; the submodule is named.",
       refused="has submodules \\(sub\\)")  # fmt: skip
def _(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    git(repo, "commit", "-q", "-m", "Sub")
    (repo / "sub").mkdir()


@shape("alternates", "a replaced commit (`git replace`) and notes",
       "Shipped onto the real commit, not onto its replacement.")  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {"c": b"c"})
    git(repo, "notes", "add", "-m", "a note")
    git(repo, "replace", "--graft", "HEAD")


@shape("alternates", "everything in one pack, with bitmap and commit graph")
def _(repo: Path) -> None:
    git(repo, "repack", "-a", "-d", "-b", "-q")
    git(repo, "commit-graph", "write", "--reachable")


# Checkouts


@shape("worktrees", "a linked worktree of a bare repository")
def _(repo: Path) -> Path:
    git(repo.parent, "clone", "-q", "--bare", str(repo), "bare.git")
    git(repo.parent / "bare.git", "worktree", "add", "-q", "../other", "main")
    return repo.parent / "other"


@shape("worktrees", "a linked worktree whose main checkout has changes",
       "Shipped; the main checkout stays as it is.")  # fmt: skip
def _(repo: Path) -> Path:
    git(repo, "worktree", "add", "-q", "-b", "feature", "../other")
    (repo / "b").write_text("changed\n")
    return repo.parent / "other"


@shape("worktrees", "a detached HEAD", "No branch to ship to: refused, and the work stays.",
       refused="detached HEAD")  # fmt: skip
def _(repo: Path) -> None:
    git(repo, "switch", "-q", "--detach")


@shape("worktrees", "`extensions.worktreeConfig`")
def _(repo: Path) -> None:
    config(repo, core__repositoryformatversion="1", extensions__worktreeConfig="true")


@shape("worktrees", "a sparse checkout that has the changed files",
       "Shipped; files outside of the sparse checkout stay out.", absent("far/z"))  # fmt: skip
def _(repo: Path) -> None:
    track(repo, {"far/z": b"z"})
    git(repo, "sparse-checkout", "set", "--cone", "new")
    assert not (repo / "far").exists()


@shape("worktrees", "a stash", "Shipped; the stash stays.", stashed)
def _(repo: Path) -> None:
    (repo / "b").write_text("stashed\n")
    git(repo, "stash", "-q")


@shape("worktrees", "an untracked file where the agent makes one",
       "Refused before anything moves; the file is named.", has("new/b", b"mine\n"),
       refused="new/b")  # fmt: skip
def _(repo: Path) -> None:
    (repo / "new").mkdir()
    (repo / "new" / "b").write_text("mine\n")


@shape("worktrees", "a changed file that the work changes, too",
       "Refused before anything moves; the file is named.", has("a", b"mine\n"),
       refused="not committed \\(a\\)")  # fmt: skip
def _(repo: Path) -> None:
    (repo / "a").write_text("mine\n")


@shape("worktrees", "a changed file that the work does not change",
       "Refused before anything moves; the file is named.", has("b", b"mine\n"),
       refused="not committed \\(b\\)")  # fmt: skip
def _(repo: Path) -> None:
    (repo / "b").write_text("mine\n")
