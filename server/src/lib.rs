//! A node: it opens a home, wires the parts and holds the use cases.
