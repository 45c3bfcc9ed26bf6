//! The rules that every shader keeps, read off naga's intermediate form: it validates without
//! any extension, has no float, no subgroup operation, no atomic whose returned value is used,
//! and no loop without a constant bound. And that no kernel lacks a part.

use std::collections::BTreeSet;
use std::path::Path;

use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{
    AddressSpace, BinaryOperator, Block, Expression, Function, Handle, Literal, LocalVariable,
    Module, ScalarKind, Statement, TypeInner,
};
use veritrail_compute::kernels::ALL;

/// Steps that a loop may take at most.
const STEPS_MAX: u32 = 4_096;

#[test]
fn every_shader_keeps_the_rules() {
    assert!(ALL.len() >= 4);
    for shader in ALL {
        let faults = faults(shader.source);
        assert!(faults.is_empty(), "{}: {faults:#?}", shader.name);
        let module = naga::front::wgsl::parse_str(shader.source).unwrap();
        let entries: Vec<&str> = module.entry_points.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(entries, shader.entry_points, "{}", shader.name);
    }
}

#[test]
fn every_kernel_has_all_its_parts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kernels");
    let found: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = ALL.iter().map(|shader| shader.name.to_owned()).collect();
    assert_eq!(found, listed, "kernels::ALL and the folders of compute/src/kernels");
}

#[test]
fn the_rules_refuse_what_they_are_for() {
    let wrong = |body: &str, word: &str| {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> a: array<atomic<u32>, 4>;
             @group(0) @binding(1) var<storage, read_write> b: array<u32, 4>;
             @compute @workgroup_size(1)
             fn main(@builtin(local_invocation_index) i: u32) {{ {body} }}"
        );
        let faults = faults(&source);
        assert!(faults.iter().any(|fault| fault.contains(word)), "{body}: {faults:?}");
    };
    wrong("let x = f32(i); b[0] = u32(x);", "float");
    wrong("b[0] = u32(f32(b[1]) * 1.5);", "float");
    wrong("b[0] = bitcast<u32>(bitcast<f32>(i));", "float");
    wrong("b[0] = atomicAdd(&a[0], 1u);", "returned value");
    wrong("let old = atomicMax(&a[0], 1u); if (old == 2u) { b[0] = 1u; }", "returned value");
    wrong("atomicAdd(&a[0], 1u); b[0] = atomicLoad(&a[1]);", "loads an atomic");
    wrong("loop { if (b[0] == 1u) { break; } }", "bound");
    wrong("var j = 0u; while (j < b[0]) { j = j + 1u; }", "bound");
    wrong("for (var j = 0u; j < i; j = j + 1u) { b[0] = j; }", "bound");
    wrong("for (var j = 0u; j < 9u; j = j + 0u) { b[0] = j; }", "bound");
    wrong("for (var j = 0u; j < 9u; j = j + 1u) { j = 0u; }", "bound");
    wrong("for (var j = 0u; j < 9u; j = j + 1u) { let p = &j; *p = 0u; }", "bound");
    wrong("for (var j = 0u; j < 100000u; j = j + 1u) { b[0] = j; }", "bound");
    wrong("b[0] = subgroupAdd(i);", "valid");
    wrong("b[0] = 1u", "parse");
    assert!(
        faults(
            "@compute @workgroup_size(1) fn main() { for (var j = 0u; j < 9u; j = j + 2u) { } }"
        )
        .is_empty()
    );
}

/// Everything that is wrong with a shader.
fn faults(source: &str) -> Vec<String> {
    let module = match naga::front::wgsl::parse_str(source) {
        Ok(module) => module,
        Err(error) => return vec![format!("does not parse: {}", error.emit_to_string(source))],
    };
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let info = match validator.validate(&module) {
        Ok(info) => info,
        Err(error) => return vec![format!("not valid: {}", error.emit_to_string(source))],
    };
    let mut faults = Vec::new();
    for (_, kind) in module.types.iter() {
        if is_float(&kind.inner) {
            faults.push(format!("a float: {:?}", kind.inner));
        }
    }
    for (handle, function) in module.functions.iter() {
        check_function(&module, function, &info[handle], &mut faults);
    }
    for (at, entry) in module.entry_points.iter().enumerate() {
        check_function(&module, &entry.function, info.get_entry_point(at), &mut faults);
        let mut reached = BTreeSet::new();
        let atomics = reach(&module, &entry.function.body, &mut reached);
        if atomics && reached_loads(&module, &entry.function, &reached) {
            faults.push(format!("{} changes atomics and loads an atomic too", entry.name));
        }
    }
    faults
}

fn is_float(inner: &TypeInner) -> bool {
    let kind = match inner {
        TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => scalar.kind,
        TypeInner::Vector { scalar, .. } | TypeInner::Matrix { scalar, .. } => scalar.kind,
        TypeInner::ValuePointer { scalar, .. } => scalar.kind,
        _ => return false,
    };
    matches!(kind, ScalarKind::Float | ScalarKind::AbstractFloat)
}

fn check_function(
    module: &Module,
    function: &Function,
    info: &FunctionInfo,
    faults: &mut Vec<String>,
) {
    for (handle, expression) in function.expressions.iter() {
        if is_float(info[handle].ty.inner_with(&module.types)) {
            faults.push(format!("a float: {expression:?}"));
        }
        if matches!(expression, Expression::AtomicResult { .. }) && info[handle].ref_count > 0 {
            faults.push("an atomic's returned value is used".to_owned());
        }
    }
    for (_, expression) in module.global_expressions.iter() {
        if matches!(expression, Expression::Literal(Literal::F32(_) | Literal::F64(_))) {
            faults.push("a float among the constants".to_owned());
        }
    }
    check_loops(module, function, &function.body, faults);
}

/// The blocks inside a statement.
fn inner(statement: &Statement) -> Vec<&Block> {
    match statement {
        Statement::Block(block) => vec![block],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => Vec::new(),
    }
}

fn check_loops(module: &Module, function: &Function, block: &Block, faults: &mut Vec<String>) {
    for statement in block.iter() {
        if let Statement::Loop { body, continuing, break_if } = statement
            && (break_if.is_some() || !is_bounded(module, function, body, continuing))
        {
            faults.push(format!(
                "a loop in {:?} has no constant bound: for (var j = 0u; j < BOUND; j = j + 1u)",
                function.name
            ));
        }
        for block in inner(statement) {
            check_loops(module, function, block, faults);
        }
    }
}

/// Whether a loop is `for (…; j < CONSTANT; j = j + CONSTANT)` with no other store to `j`.
fn is_bounded(module: &Module, function: &Function, body: &Block, continuing: &Block) -> bool {
    let mut guard = body.iter().filter(|statement| !matches!(statement, Statement::Emit(_)));
    let Some(Statement::If { condition, accept, reject }) = guard.next() else { return false };
    if !accept.is_empty() || !matches!(&**reject, [Statement::Break]) {
        return false;
    }
    let Some((BinaryOperator::Less, counter, bound)) = compared(module, function, *condition)
    else {
        return false;
    };
    let mut steps = continuing.iter().filter(|statement| !matches!(statement, Statement::Emit(_)));
    let Some(Statement::Store { pointer, value }) = steps.next() else { return false };
    let Some((BinaryOperator::Add, stepped, step)) = compared(module, function, *value) else {
        return false;
    };
    let is_counter = |handle| local(function, handle) == Some(counter);
    steps.next().is_none()
        && is_counter(*pointer)
        && stepped == counter
        && step > 0
        && bound / step <= STEPS_MAX
        && bound <= u32::MAX - step
        && !touches(function, body, counter)
}

/// `local ∘ constant`, taken apart.
fn compared(
    module: &Module,
    function: &Function,
    handle: Handle<Expression>,
) -> Option<(BinaryOperator, Handle<LocalVariable>, u32)> {
    let Expression::Binary { op, left, right } = function.expressions[handle] else { return None };
    let Expression::Load { pointer } = function.expressions[left] else { return None };
    let constant = match function.expressions[right] {
        Expression::Literal(Literal::U32(value)) => value,
        Expression::Constant(constant) => {
            match module.global_expressions[module.constants[constant].init] {
                Expression::Literal(Literal::U32(value)) => value,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some((op, local(function, pointer)?, constant))
}

fn local(function: &Function, handle: Handle<Expression>) -> Option<Handle<LocalVariable>> {
    match function.expressions[handle] {
        Expression::LocalVariable(local) => Some(local),
        _ => None,
    }
}

/// Whether a block may change a local: by a store, or by handing out its address.
fn touches(function: &Function, block: &Block, counter: Handle<LocalVariable>) -> bool {
    let is = |handle: &Handle<Expression>| local(function, *handle) == Some(counter);
    block.iter().any(|statement| {
        let here = match statement {
            Statement::Store { pointer, .. } => is(pointer),
            Statement::Call { arguments, .. } => arguments.iter().any(is),
            Statement::Atomic { pointer, .. } => is(pointer),
            _ => false,
        };
        here || inner(statement).into_iter().any(|block| touches(function, block, counter))
    })
}

/// Collects the functions that a block calls; says whether any of it changes an atomic.
fn reach(module: &Module, block: &Block, reached: &mut BTreeSet<usize>) -> bool {
    let mut atomics = false;
    for statement in block.iter() {
        match statement {
            Statement::Atomic { .. } => atomics = true,
            Statement::Call { function, .. } => {
                reached.insert(function.index());
                atomics |= reach(module, &module.functions[*function].body, reached);
            }
            _ => {}
        }
        for block in inner(statement) {
            atomics |= reach(module, block, reached);
        }
    }
    atomics
}

fn reached_loads(module: &Module, entry: &Function, reached: &BTreeSet<usize>) -> bool {
    let called = module.functions.iter().filter(|(handle, _)| reached.contains(&handle.index()));
    std::iter::once(entry)
        .chain(called.map(|(_, function)| function))
        .any(|function| loads_an_atomic(module, function))
}

/// Whether a function loads from a global that holds atomics.
fn loads_an_atomic(module: &Module, function: &Function) -> bool {
    function.expressions.iter().any(|(_, expression)| {
        let Expression::Load { mut pointer } = *expression else { return false };
        loop {
            match function.expressions[pointer] {
                Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                    pointer = base;
                }
                Expression::GlobalVariable(global) => {
                    let global = &module.global_variables[global];
                    return !matches!(global.space, AddressSpace::Uniform)
                        && holds_atomics(module, &module.types[global.ty].inner);
                }
                _ => return false,
            }
        }
    })
}

fn holds_atomics(module: &Module, inner: &TypeInner) -> bool {
    match inner {
        TypeInner::Atomic(_) => true,
        TypeInner::Array { base, .. } => holds_atomics(module, &module.types[*base].inner),
        TypeInner::Struct { members, .. } => {
            members.iter().any(|member| holds_atomics(module, &module.types[member.ty].inner))
        }
        _ => false,
    }
}
