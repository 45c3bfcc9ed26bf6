// An independent check of a log laid out as tiles: the Go checksum database's own packages
// (golang.org/x/mod/sumdb/note and tlog) read the checkpoint, every entry bundle and every tile.
// Usage: go run checklog.go DIR VKEY
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash at %d", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: checklog DIR VKEY")
	}
	dir, vkey := os.Args[1], os.Args[2]
	size, root := checkpoint(dir, vkey)
	stored := entries(dir, size)
	computed, err := tlog.TreeHash(size, stored)
	if err != nil {
		log.Fatal(err)
	}
	if computed != root {
		log.Fatalf("the entries' root %v is not the checkpoint's %v", computed, root)
	}
	tiles := tiles(dir, size, stored)
	fmt.Printf("%d entries, %d tiles, checkpoint signed\n", size, tiles)
}

func checkpoint(dir, vkey string) (int64, tlog.Hash) {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		log.Fatalf("a checkpoint of three lines, the first the origin, was expected: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	var root tlog.Hash
	decoded, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(decoded) != len(root) {
		log.Fatalf("not a root: %q", lines[2])
	}
	copy(root[:], decoded)
	return size, root
}

// number writes N as tlog-tiles does: groups of three digits, all but the last with an x.
func number(n int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}

func entries(dir string, size int64) hashes {
	var stored hashes
	for first := int64(0); first < size; first += 256 {
		path := filepath.Join(dir, "tile", "entries", number(first/256))
		if size-first < 256 {
			path += fmt.Sprintf(".p/%d", size-first)
		}
		bundle, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		for index := first; index < size && index < first+256; index++ {
			if len(bundle) < 2 {
				log.Fatalf("%s: cut short before entry %d", path, index)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				log.Fatalf("%s: entry %d is cut short", path, index)
			}
			more, err := tlog.StoredHashes(index, bundle[2:2+length], stored)
			if err != nil {
				log.Fatal(err)
			}
			stored = append(stored, more...)
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			log.Fatalf("%s: %d bytes left over", path, len(bundle))
		}
	}
	return stored
}

func tiles(dir string, size int64, stored hashes) int {
	checked := 0
	for _, tile := range tlog.NewTiles(height, 0, size) {
		// Older releases list every width that the last tile ever had; the log need only keep
		// those of sizes that it published, and this check is of one.
		if end := size>>(height*tile.L) - tile.N<<height; tile.W < 1<<height && int64(tile.W) != end {
			continue
		}
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			log.Fatal(err)
		}
		path := filepath.Join(dir, "tile", strconv.Itoa(tile.L), number(tile.N))
		if tile.W < 1<<height {
			path += fmt.Sprintf(".p/%d", tile.W)
		}
		have, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			log.Fatalf("%s: not the tile that the entries make", path)
		}
		checked++
	}
	return checked
}
