//! Bundles: the container's one form, what is inside, and what is refused.

mod container;
mod hostile;
