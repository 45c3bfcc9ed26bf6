//! Walking: files in path order, and a clear error for everything that is none.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use veritrail_datasets::ingest::bytes::Digesting;
use veritrail_datasets::walk::{SourceError, WalkError, Walked, walk};

fn tree(files: &[&str]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    dir
}

fn of(path: &Path) -> Result<Walked, WalkError> {
    walk(&[path.to_owned()])
}

fn paths(walked: &Walked) -> Vec<&str> {
    walked.sources.iter().map(|source| source.path.as_str()).collect()
}

#[test]
fn a_folder_is_its_files_in_path_order() {
    let dir = tree(&["b.csv", "a/z.csv", "a-b.csv", "a/y/x.csv"]);
    let walked = of(dir.path()).unwrap();
    assert_eq!(paths(&walked), ["a-b.csv", "a/y/x.csv", "a/z.csv", "b.csv"]);
    assert_eq!(walked.sources[1].stamp.size, 9);
    assert!(walked.left_out.is_empty());
}

#[test]
fn several_paths_keep_their_folders_names() {
    let dir = tree(&["x/a.csv", "y/a.csv", "z.csv"]);
    let named: Vec<PathBuf> =
        ["x", "y", "z.csv"].iter().map(|name| dir.path().join(name)).collect();
    assert_eq!(paths(&walk(&named).unwrap()), ["x/a.csv", "y/a.csv", "z.csv"]);
    let twice = [named[2].clone(), named[2].clone()];
    assert!(matches!(walk(&twice), Err(WalkError::SamePath { .. })));
}

#[test]
fn hidden_files_and_empty_folders_are_left_out_and_told() {
    let dir = tree(&["a.csv", ".env", ".git/config"]);
    fs::create_dir(dir.path().join("empty")).unwrap();
    let walked = of(dir.path()).unwrap();
    assert_eq!(paths(&walked), ["a.csv"]);
    assert_eq!(walked.left_out.len(), 3, "{:?}", walked.left_out);
    assert_eq!(paths(&of(&dir.path().join(".env")).unwrap()), [".env"], "named, it is published");
}

#[test]
fn nothing_to_publish_is_an_error() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(of(dir.path()), Err(WalkError::EmptyFolder(_))));
    assert!(matches!(of(&dir.path().join("none.csv")), Err(WalkError::NotFound(_))));
    assert!(matches!(walk(&[]), Err(WalkError::NoPaths)));
}

#[test]
fn links_within_are_followed_and_links_out_refused() {
    let outside = tree(&["secret.csv"]);
    let dir = tree(&["data/a.csv"]);
    symlink(dir.path().join("data/a.csv"), dir.path().join("b.csv")).unwrap();
    symlink("data", dir.path().join("more")).unwrap();
    assert_eq!(paths(&of(dir.path()).unwrap()), ["b.csv", "data/a.csv", "more/a.csv"]);
    symlink(outside.path().join("secret.csv"), dir.path().join("c.csv")).unwrap();
    let error = of(dir.path()).unwrap_err();
    assert!(
        matches!(&error, WalkError::SymlinkOutside { path, .. } if path.ends_with("c.csv")),
        "{error}"
    );
}

#[test]
fn loops_of_links_are_named() {
    let dir = tree(&["data/a.csv"]);
    symlink("..", dir.path().join("data/up")).unwrap();
    let error = of(dir.path()).unwrap_err();
    assert!(matches!(&error, WalkError::SymlinkLoop(path) if path.ends_with("up")), "{error}");
    let dir = tree(&["a.csv"]);
    symlink("two", dir.path().join("one")).unwrap();
    symlink("one", dir.path().join("two")).unwrap();
    let error = of(dir.path()).unwrap_err();
    assert!(matches!(error, WalkError::SymlinkLoop(_)), "{error}");
    let error = of(&dir.path().join("one")).unwrap_err();
    assert!(matches!(error, WalkError::SymlinkLoop(_)), "{error}");
    let dir = tree(&["a.csv"]);
    symlink("gone", dir.path().join("link")).unwrap();
    assert!(matches!(of(dir.path()), Err(WalkError::DanglingSymlink(_))));
    assert!(matches!(of(&dir.path().join("link")), Err(WalkError::DanglingSymlink(_))));
}

#[test]
fn names_that_cannot_be_published_are_refused() {
    let dir = tree(&["a.csv"]);
    fs::write(dir.path().join(OsString::from_vec(b"caf\xe9.csv".to_vec())), "x").unwrap();
    assert!(matches!(of(dir.path()), Err(WalkError::NotUtf8(_))));
    for name in ["con.csv", "a:b.csv", "a\nb.csv", "dot.", "back\\slash.csv"] {
        let dir = tree(&[name]);
        let error = of(dir.path()).unwrap_err();
        assert!(matches!(error, WalkError::BadName { .. }), "{name}: {error}");
        assert!(error.to_string().contains("rename"), "{error}");
    }
}

#[test]
fn names_are_composed_and_must_differ_by_more_than_case() {
    let dir = tree(&["cafe\u{301}.csv"]);
    assert_eq!(paths(&of(dir.path()).unwrap()), ["caf\u{e9}.csv"]);
    let dir = tree(&["cafe\u{301}.csv", "caf\u{e9}.csv"]);
    assert!(matches!(of(dir.path()), Err(WalkError::SamePath { .. })));
    let dir = tree(&["A/x.csv", "a/x.csv"]);
    assert!(matches!(of(dir.path()), Err(WalkError::SamePath { .. })));
}

#[test]
fn special_files_are_refused_not_read() {
    let dir = tree(&["a.csv"]);
    let _socket = UnixListener::bind(dir.path().join("s")).unwrap();
    let error = of(dir.path()).unwrap_err();
    assert!(matches!(error, WalkError::Special { kind: "a socket", .. }), "{error}");
    assert!(matches!(of(Path::new("/dev/null")), Err(WalkError::Special { kind: "a device", .. })));
}

#[test]
fn a_pipe_that_takes_a_files_place_is_noticed_and_not_waited_for() {
    let dir = tree(&["a.csv"]);
    let walked = of(dir.path()).unwrap();
    let source = &walked.sources[0];
    fs::remove_file(&source.on_disk).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &source.on_disk, 0o600.into()).unwrap();
    assert!(matches!(source.open(), Err(SourceError::Changed(_))));
    let error = of(dir.path()).unwrap_err();
    assert!(matches!(error, WalkError::Special { kind: "a named pipe", .. }), "{error}");
}

#[test]
fn deep_folders_are_bounded() {
    let deep = format!("{}a.csv", "d/".repeat(300));
    let dir = tree(&[&deep]);
    assert!(matches!(of(dir.path()), Err(WalkError::TooDeep(_))));
}

#[test]
fn a_file_that_changes_is_noticed() {
    let dir = tree(&["a.csv"]);
    let walked = of(dir.path()).unwrap();
    let source = &walked.sources[0];
    let file = source.open().unwrap();
    source.check_unchanged(&file).unwrap();
    let first = Digesting::new(&file).finish().unwrap();
    source.check_same(&first, &first).unwrap();
    fs::write(&source.on_disk, "longer than it was").unwrap();
    assert!(matches!(source.check_unchanged(&file), Err(SourceError::Changed(_))));
    assert!(matches!(source.open(), Err(SourceError::Changed(_))));
    let second = Digesting::new(fs::File::open(&source.on_disk).unwrap()).finish().unwrap();
    assert!(matches!(source.check_same(&first, &second), Err(SourceError::Changed(_))));
}

#[test]
fn a_file_that_is_replaced_or_removed_is_noticed() {
    let dir = tree(&["a.csv", "b.csv"]);
    let walked = of(dir.path()).unwrap();
    let [a, b] = &walked.sources[..] else { panic!("two files") };
    let (open_a, open_b) = (a.open().unwrap(), b.open().unwrap());
    fs::write(dir.path().join("new"), "a.csv").unwrap();
    fs::rename(dir.path().join("new"), &a.on_disk).unwrap();
    assert!(matches!(a.check_unchanged(&open_a), Err(SourceError::Changed(_))));
    fs::remove_file(&b.on_disk).unwrap();
    let error = b.check_unchanged(&open_b).unwrap_err();
    assert!(error.to_string().contains("changed while being read"), "{error}");
}
