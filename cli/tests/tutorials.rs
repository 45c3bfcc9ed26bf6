//! The tutorials are run: every `sh` block of every page of docs/tutorials, as one script a page.

use std::{fs, path::Path, process::Command};

#[test]
fn every_tutorial_runs() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tutorials");
    let mut played = 0;
    for page in fs::read_dir(&pages).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_some_and(|extension| extension == "md") {
            play(&page);
            played += 1;
        }
    }
    assert!(played >= 3, "only {played} tutorials found in {}", pages.display());
}

fn play(page: &Path) {
    let script = blocks(&fs::read_to_string(page).unwrap());
    assert!(!script.is_empty(), "{}: no sh block", page.display());
    let folder = tempfile::tempdir().unwrap();
    // The pages speak of the project's sample data by its place in the project.
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets").canonicalize().unwrap();
    std::os::unix::fs::symlink(samples, folder.path().join("datasets")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_veritrail")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env_remove("VERITRAIL_HOME")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}: {}\n{}\n{}",
        page.display(),
        done.status,
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// The lines inside ```sh fences, joined.
fn blocks(page: &str) -> String {
    let (mut script, mut inside) = (String::new(), false);
    for line in page.lines() {
        match (inside, line.trim_end()) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}
