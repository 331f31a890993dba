//! Keeps one interpreter per thread and runs scripts in it, or in a new one where a limit must be decided. Knows the
//! interpreter's limits and life; what values look like on both sides is `convert`'s.

use crate::convert::{self, Answer};
use crate::limits::{HEAP_BYTES_MAX, Limits, SOURCE_BYTES_MAX, STACK_BYTES_MAX, STEPS_PER_TICK};
use crate::source::{self, Doubt, Names};
use crate::{SyntaxError, csharp};
use domain::script::{ScriptFailure, ScriptOutcome, ScriptRequest};
use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::function::Args;
use rquickjs::{Array, Context, Ctx, Error, Function, Object, Persistent, Runtime};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

/// Room of a kept interpreter. Well below the limit: what does not fit is decided by a new interpreter.
const KEPT_HEAP_BYTES_MAX: usize = HEAP_BYTES_MAX / 2;
/// Room for compiling: so much that no source of the size allowed fills it. The interpreter's compiler does not survive
/// a full heap (measured: it crashes the process).
const COMPILE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Compiled scripts a thread keeps, and the bytes of their sources.
const CACHE_ENTRIES_MAX: usize = 256;
const CACHE_BYTES_MAX: usize = 256 * 1024;

/// What a realm is made of. Typed arrays, weak references and the performance clock are not there at all; promises
/// are, because the interpreter's own classes need them, but no name leads to them.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::MapSet,
    intrinsic::Promise,
);

thread_local! {
    static KEPT: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Runs a script in the thread's interpreter, and again in a new one where the first met a limit.
pub(crate) fn evaluate(request: &ScriptRequest<'_>, limits: Limits) -> Result<ScriptOutcome, ScriptFailure> {
    let attempt = with_kept(|engine| engine.run(request, limits))?;
    let attempt = match attempt {
        Attempt::Limit(_) => Engine::start(false)?.run(request, limits),
        Attempt::Decided(_) => attempt,
    };
    match attempt {
        Attempt::Decided(decided) => decided,
        Attempt::Limit(text) => Err(ScriptFailure::Limit(text)),
    }
}

/// Compiles a script and forgets nothing: the next evaluation finds it compiled.
pub(crate) fn check(source: &str) -> Result<(), SyntaxError> {
    let unavailable = |failure| SyntaxError { message: failure_text(failure), line: 1, column: 1 };
    match with_kept(|engine| engine.compile(source).map(|_| ())).map_err(unavailable)? {
        Err(Uncompiled::Exhausted) => {}
        Err(Uncompiled::Syntax(error)) => return Err(error),
        Ok(()) => return Ok(()),
    }
    let mut engine = Engine::start(false).map_err(unavailable)?;
    engine.compile(source).map(|_| ()).map_err(Uncompiled::into_syntax_error)
}

/// Lends the thread's interpreter, which is made on first use and thrown away when it is worn out.
fn with_kept<R>(work: impl FnOnce(&mut Engine) -> R) -> Result<R, ScriptFailure> {
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        let engine = match kept.as_mut() {
            Some(engine) => engine,
            None => kept.insert(Engine::start(true)?),
        };
        let result = work(engine);
        if engine.worn_out {
            *kept = None;
        }
        Ok(result)
    })
}

fn failure_text(failure: ScriptFailure) -> String {
    match failure {
        ScriptFailure::Technical(text) | ScriptFailure::Limit(text) => text,
        ScriptFailure::Bpmn { message, .. } => message,
        ScriptFailure::Timeout | ScriptFailure::CommandWanted { .. } => String::new(),
    }
}

/// What one interpreter makes of an evaluation.
enum Attempt {
    Decided(Result<ScriptOutcome, ScriptFailure>),
    /// Steps, memory or stack ran out.
    Limit(String),
}

/// Why a script cannot be run.
enum Uncompiled {
    Syntax(SyntaxError),
    /// Memory or stack ran out while compiling.
    Exhausted,
}

impl Uncompiled {
    fn into_syntax_error(self) -> SyntaxError {
        match self {
            Uncompiled::Syntax(error) => error,
            Uncompiled::Exhausted => {
                SyntaxError { message: "the script is too large or too deeply nested".to_owned(), line: 1, column: 1 }
            }
        }
    }
}

/// A script ready to run in one interpreter.
struct Compiled {
    /// Makes a fresh closure of the script.
    make: Persistent<Function<'static>>,
    /// The script has no `return`, and is more than one expression.
    program: bool,
    names: Names,
}

/// What the interrupt handler looks at while a script runs.
#[derive(Default)]
struct Watch {
    armed: Cell<bool>,
    ticks: Cell<u64>,
    ticks_max: Cell<u64>,
    deadline: Cell<Option<Instant>>,
    /// The realm asked to end the script: it wants a command, or met a limit of its own.
    halted: Cell<bool>,
    late: Cell<bool>,
}

impl Watch {
    fn arm(&self, ticks_max: u64, limits: Limits) {
        self.ticks.set(0);
        self.ticks_max.set(ticks_max);
        self.deadline.set(Instant::now().checked_add(limits.wall));
        self.halted.set(false);
        self.late.set(false);
        self.armed.set(true);
    }

    /// Called by the interpreter every [`STEPS_PER_TICK`] steps; true ends the script, past every `catch` of its own.
    fn tick(&self) -> bool {
        if !self.armed.get() {
            return false;
        }
        if self.halted.get() {
            return true;
        }
        self.ticks.set(self.ticks.get() + 1);
        if self.deadline.get().is_some_and(|deadline| Instant::now() >= deadline) {
            self.late.set(true);
        }
        self.late.get() || self.is_used_up()
    }

    fn is_used_up(&self) -> bool {
        self.ticks.get() >= self.ticks_max.get()
    }
}

/// An interpreter with its realm. Fields drop in order: values before the context, the context before the runtime.
struct Engine {
    cache: HashMap<String, Rc<Compiled>>,
    cached_bytes: usize,
    compile: Persistent<Function<'static>>,
    run: Persistent<Function<'static>>,
    stopped: Persistent<Function<'static>>,
    watch: Rc<Watch>,
    context: Context,
    runtime: Runtime,
    /// Room for running scripts, in bytes.
    heap: usize,
    /// Kept between evaluations, and so not the judge of limits.
    kept: bool,
    /// Something happened after which only a new interpreter is certain to be clean.
    worn_out: bool,
}

impl Engine {
    fn start(kept: bool) -> Result<Engine, ScriptFailure> {
        Engine::try_start(kept)
            .map_err(|error| ScriptFailure::Technical(format!("the script interpreter did not start: {error}")))
    }

    fn try_start(kept: bool) -> Result<Engine, Error> {
        let runtime = Runtime::new()?;
        let heap = if kept { KEPT_HEAP_BYTES_MAX } else { HEAP_BYTES_MAX };
        runtime.set_memory_limit(heap);
        runtime.set_max_stack_size(STACK_BYTES_MAX);
        let watch = Rc::new(Watch::default());
        let ticking = Rc::clone(&watch);
        runtime.set_interrupt_handler(Some(Box::new(move || ticking.tick())));
        let context = Context::custom::<Intrinsics>(&runtime)?;
        let halting = Rc::clone(&watch);
        let (compile, run, stopped) = context.with(|ctx| {
            let sloppy = || {
                let mut options = EvalOptions::default();
                options.strict = false;
                options
            };
            // Direct `eval` in a scope of its own: what a parsed text would declare stays there.
            let parse = "(function(eval){return function(){return eval(arguments[0])}})(eval)";
            let parse: Function = ctx.eval_with_options(parse, sloppy())?;
            let eval: Function = ctx.eval_with_options("eval", sloppy())?;
            let stop = Function::new(ctx.clone(), move || halting.halted.set(true))?;
            let realm: Function = ctx.eval_with_options(include_str!("realm.js"), sloppy())?;
            let time: Object = ctx.eval_with_options(include_str!("realm/time.js"), sloppy())?;
            let shared: Object = ctx.eval_with_options(include_str!("realm/shared.js"), sloppy())?;
            let realm: Object = realm.call((parse, eval, stop, time, shared))?;
            let save = |name: &str| realm.get(name).map(|function: Function| Persistent::save(&ctx, function));
            Ok::<_, Error>((save("compile")?, save("run")?, save("stopped")?))
        })?;
        let cache = HashMap::new();
        Ok(Engine {
            cache,
            cached_bytes: 0,
            compile,
            run,
            stopped,
            watch,
            context,
            runtime,
            heap,
            kept,
            worn_out: false,
        })
    }

    /// The compiled script, from the cache where it is there.
    fn compile(&mut self, source: &str) -> Result<Rc<Compiled>, Uncompiled> {
        if let Some(compiled) = self.cache.get(source) {
            return Ok(Rc::clone(compiled));
        }
        let syntax = |message: String, (line, column)| Uncompiled::Syntax(SyntaxError { message, line, column });
        if source.len() > SOURCE_BYTES_MAX {
            let message = format!("the script has {} bytes; at most {SOURCE_BYTES_MAX} are allowed", source.len());
            return Err(syntax(message, (1, 1)));
        }
        // The interpreter reads sources as C strings.
        if let Some(offset) = source.find('\0') {
            return Err(syntax("the script contains a NUL character".to_owned(), source::place(source, offset)));
        }
        let text = csharp::translate(source).unwrap_or_else(|| source.to_owned());
        let names = Names::of(&text);
        let doubt = source::doubt(&text);
        let refused = |doubt: &Doubt| {
            let message = format!("scripts are synchronous and simple: \"{}\" is not available", doubt.word);
            syntax(message, source::place(source, doubt.offset))
        };
        if let Some(doubt) = doubt.as_ref().filter(|doubt| doubt.substitute.is_none()) {
            return Err(refused(doubt));
        }
        let compile = self.compile.clone();
        self.runtime.set_memory_limit(COMPILE_BYTES_MAX);
        let compiled = self.context.with(|ctx| {
            call_compile(&ctx, compile, &text, &names, doubt.as_ref())
                .map_err(|_| convert::syntax_error(&ctx.catch()).map_or(Uncompiled::Exhausted, Uncompiled::Syntax))
        });
        self.runtime.set_memory_limit(self.heap);
        let (make, form) = compiled.inspect_err(|failure| {
            if matches!(failure, Uncompiled::Exhausted) {
                self.worn_out = true;
            }
        })?;
        if let (Some(doubt), "refused") = (&doubt, form.as_str()) {
            return Err(refused(doubt));
        }
        let compiled = Rc::new(Compiled { make, program: form == "program", names });
        self.remember(source, &compiled);
        Ok(compiled)
    }

    fn remember(&mut self, source: &str, compiled: &Rc<Compiled>) {
        if self.cache.len() >= CACHE_ENTRIES_MAX || self.cached_bytes + source.len() > CACHE_BYTES_MAX {
            self.cache.clear();
            self.cached_bytes = 0;
        }
        self.cached_bytes += source.len();
        self.cache.insert(source.to_owned(), Rc::clone(compiled));
    }

    fn run(&mut self, request: &ScriptRequest<'_>, limits: Limits) -> Attempt {
        let compiled = match self.compile(request.source) {
            Ok(compiled) => compiled,
            Err(Uncompiled::Exhausted) if self.kept => return Attempt::Limit(String::new()),
            Err(failure) => {
                let error = failure.into_syntax_error();
                return Attempt::Decided(Err(ScriptFailure::Technical(format!("SyntaxError: {error}"))));
            }
        };
        // The phase of the interpreter's count is unknown in a kept one: it gives up a tick before a new one would.
        let ticks_max = (limits.steps / STEPS_PER_TICK).max(2) - u64::from(self.kept);
        if compiled.program {
            // Such a script is compiled while it runs, and must not find the room taken by what others left behind.
            self.runtime.run_gc();
        }
        self.watch.arm(ticks_max, limits);
        let attempt = self.context.with(|ctx| {
            let answer = self.call_run(&ctx, &compiled, request);
            let answer = answer.inspect_err(|_| drop(ctx.catch()));
            self.watch.armed.set(false);
            if self.watch.late.get() {
                return Attempt::Decided(Err(ScriptFailure::Timeout));
            }
            if self.watch.is_used_up() {
                return Attempt::Limit(format!("the script took more than {} steps", limits.steps));
            }
            let answer = if self.watch.halted.get() { self.call_stopped(&ctx) } else { answer };
            match answer {
                Ok(Answer::Exhausted(what)) => Attempt::Limit(what.to_owned()),
                Ok(Answer::Decided(decided)) => Attempt::Decided(decided),
                Err(_) => Attempt::Limit("the script ran out of memory".to_owned()),
            }
        });
        self.worn_out |= matches!(&attempt, Attempt::Limit(_) | Attempt::Decided(Err(ScriptFailure::Timeout)))
            || self.runtime.is_job_pending();
        attempt
    }

    fn call_run<'js>(&self, ctx: &Ctx<'js>, compiled: &Compiled, request: &ScriptRequest<'_>) -> Result<Answer, Error> {
        let run = self.run.clone().restore(ctx)?;
        let mut args = Args::new_unsized(ctx.clone());
        args.push_arg(compiled.make.clone().restore(ctx)?)?;
        args.push_arg(compiled.program)?;
        convert::push_request(ctx, &mut args, request, &compiled.names)?;
        let answer: Array = args.apply(&run)?;
        convert::answer(&answer, request, compiled.program)
    }

    fn call_stopped(&self, ctx: &Ctx<'_>) -> Result<Answer, Error> {
        let why: Array = self.stopped.clone().restore(ctx)?.call(())?;
        convert::stopped(&why)
    }
}

/// Gives the function that makes closures of the script, and the form the realm found.
fn call_compile(
    ctx: &Ctx<'_>,
    compile: Persistent<Function<'static>>,
    text: &str,
    names: &Names,
    doubt: Option<&Doubt>,
) -> Result<(Persistent<Function<'static>>, String), Error> {
    let list = Array::new(ctx.clone())?;
    for (index, name) in names.all.iter().enumerate() {
        list.set(index, name.as_str())?;
    }
    let substitute = doubt.and_then(|doubt| doubt.substitute.as_deref()).unwrap_or("");
    let compile = compile.restore(ctx)?;
    let compiled: Array = compile.call((text, expression(text), list, substitute, expression(substitute)))?;
    let make: Function = compiled.get(0)?;
    Ok((Persistent::save(ctx, make), compiled.get(1)?))
}

/// A script as it would stand inside an expression.
fn expression(text: &str) -> &str {
    // Space in front stays, so that lines keep their numbers.
    let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    if text.trim_start().is_empty() { "" } else { text }
}
