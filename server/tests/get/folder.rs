//! `get -o DIR` writes beneath DIR and nowhere else.

use std::{fs, io::Read as _, os::unix::fs::symlink};

use veritrail_provenance::layout::FilePath;
use veritrail_server::node::get::folder::{Folder, FolderError};

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

fn write(folder: &Folder, at: &str, bytes: &[u8]) -> Result<(), FolderError> {
    let mut file = folder.create(&path(at))?;
    file.write(bytes)?;
    file.finish()
}

#[test]
fn files_appear_whole_and_beneath() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(&dir.path().join("new/folder")).unwrap();
    assert!(folder.free_bytes().unwrap() > 0);
    assert!(folder.existing(&path("a/b/c.csv")).unwrap().is_none());
    write(&folder, "a/b/c.csv", b"1,2\n").unwrap();
    let mut found = String::new();
    folder.existing(&path("a/b/c.csv")).unwrap().unwrap().read_to_string(&mut found).unwrap();
    assert_eq!(found, "1,2\n");
    let left = fs::read_dir(dir.path().join("new/folder/a/b")).unwrap().count();
    assert_eq!(left, 1, "a temporary file was left");
}

#[test]
fn an_unfinished_file_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let mut file = folder.create(&path("x.bin")).unwrap();
    file.write(b"half").unwrap();
    drop(file);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_name_that_is_taken_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x"), "mine").unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    assert!(matches!(write(&folder, "x", b"theirs"), Err(FolderError::Exists(_))));
    assert_eq!(fs::read_to_string(dir.path().join("x")).unwrap(), "mine");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn no_symlink_is_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "precious").unwrap();
    let dir = tempfile::tempdir().unwrap();
    symlink(outside.path(), dir.path().join("folder")).unwrap();
    symlink(outside.path().join("precious"), dir.path().join("file")).unwrap();
    symlink(outside.path().join("new"), dir.path().join("dangling")).unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    for at in ["folder/x", "folder/precious", "folder/deep/er"] {
        let error = write(&folder, at, b"evil").unwrap_err();
        assert!(matches!(error, FolderError::InTheWay(_)), "{at}: {error}");
        assert!(folder.existing(&path(at)).is_err(), "{at} was read through a link");
    }
    for at in ["file", "dangling"] {
        let error = write(&folder, at, b"evil").unwrap_err();
        assert!(matches!(error, FolderError::Exists(_)), "{at}: {error}");
        assert!(folder.existing(&path(at)).is_err(), "{at} was read through a link");
    }
    // The temporary name is a link too: it is replaced, never followed.
    let planted = {
        let probe = folder.create(&path("victim")).unwrap();
        let name = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .find(|name| name.ends_with(".part"))
            .unwrap();
        drop(probe);
        name
    };
    symlink(outside.path().join("precious"), dir.path().join(planted)).unwrap();
    write(&folder, "victim", b"fine").unwrap();
    assert_eq!(fs::read_to_string(outside.path().join("precious")).unwrap(), "precious");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_file_where_a_folder_must_be() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "").unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    assert!(matches!(write(&folder, "a/b", b""), Err(FolderError::InTheWay(_))));
    fs::create_dir(dir.path().join("d")).unwrap();
    assert!(matches!(write(&folder, "d", b""), Err(FolderError::Exists(_))));
}
