//! Peers over iroh: what leaves this node, to whom, and what is fetched from others.
