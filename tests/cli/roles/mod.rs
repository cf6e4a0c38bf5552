//! Tests of role mappings: the public API for evaluating them, and `cogfed roles`.

mod agreement;
mod cases;
mod explained;
mod files;
mod handed_over;
mod near;
mod shown;
