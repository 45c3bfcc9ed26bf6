//! Facts of the trail, pure and synchronous: hashes, identities, statements, layouts, logs, evidence.
