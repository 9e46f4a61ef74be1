// Package explore runs ordinary concurrent Go code under every interleaving.
//
// A program is a function that makes shared objects (Atomic, Var, Mutex, RWMutex,
// Cond, Flags, Map), starts tasks with X.Go and waits for them with X.Wait. Test
// runs it in go test; Run is for programs that want the Result. An execution
// breaks a property by a panic, a deadlock, a livelock, a data race on a Var, a
// task that is never done, or by X.Violation. The simplest execution that does is
// reported, with one line that replays it.
//
// A dozen names are all that a test needs: Test, Run, Options and Result; X, with Go,
// Wait and Violation; and the seven kinds of objects. The others are for programs
// that show executions to people (Trace, Event, Step, Replay, Minimise and the text of
// schedules) or that are explored and run natively with the same code (Waits, Pause,
// Seen).
//
// # What it takes
//
// All that tasks share is in the package's objects, and a task does the same
// whenever it observes the same values: no clock, no random numbers, no map
// iteration order, no goroutines of its own. Results that a task leaves in Go
// variables may be looked at after Wait. A loop that waits for another task is
// not a step but a wait: Await, Cond, or Loop and Retry around what the round
// reads. A loop that only looks again and again is found out if it calls Forget
// at its head; else it ends at Options.MaxEvents and the result is incomplete.
//
// Memory is sequentially consistent. What weaker memory allows on top is not
// explored.
//
// With a nil *X all objects are the plain locks, atomics and maps of package sync,
// so the same code runs natively; X.Go, Wait and Cond.Init's lock are the
// caller's business there.
//
// # Blocks
//
// Between two executions' differences stand scheduling points. If every
// operation were one, most would be in vain. So a task runs from one visible
// operation up to the next, and at first no object is visible. A block is a
// visible operation and the invisible ones behind it, its tail. Tails commute
// with whatever others do in their place unless an access in one conflicts with
// an access of another task that neither a lock nor the next block of its own
// task puts in order. The search looks for such pairs in all it explores: what a
// task did in its last tail is compared with every block that others run before
// its next one. Where it finds one, the objects become visible and the search
// starts again.
//
// That is enough. Take the shortest interleaving of single operations that has
// such a pair, and arrange its blocks by when their first operation came. A tail
// moves to the left then, past operations that it does not conflict with (a
// shorter one would have had the pair), so this arrangement does the same. It
// consists of blocks, so the search comes by, and the pair is still a tail and a
// later block. Five things need care. A release is not a scheduling point unless
// somebody looks at the lock without waiting for it, because who waits cannot
// notice. A lock that is found held becomes visible. A fatal violation does not
// end the execution but stops its task, since others may act between the block's
// first operation and the violation. And a value that a tail changes and puts
// back may have woken a task in Retry, so such an object becomes visible too. Last,
// the later block may begin with a wait that the tail has made impossible, so that it
// never begins: who waits is compared with the tails as if it went on.
//
// # Searches
//
// Merge (the default) explores depth first and never explores a state twice:
// sleep sets with state matching (Godefroid, "Partial-Order Methods for the
// Verification of Concurrent Systems", LNCS 1032, 1996). A state is a 128-bit
// hash: of all shared values, kept up to date by each operation, and of what each
// task has observed, of which its private state is a function. A task that calls
// Forget(key) says that key is all it still knows, so that more executions come
// to the same state. Two different states have the same hash with a probability
// of about n*n/2^129 for n states; if they differ in nothing but the key of a Forget
// or what tasks did in their tails, 64 bits tell them apart. Options.Memory bounds the table; when it is
// full, the search goes on without storing.
//
// Optimal visits every Mazurkiewicz trace exactly once and stores nothing but the
// current execution: source sets with wakeup trees (Abdulla, Aronsson, Jonsson and
// Sagonas, "Optimal dynamic partial order reduction", POPL 2014). A trace is the
// events of an execution and, of every two that depend on one another, which came
// first. An event is one operation; all that an Atomically does is one, and a Drop
// is part of the one before. Two depend on one another if they are of one task, or
// use one object and do not both only read it, add to it blindly or hold it shared.
// Of a loop around Retry every round counts, with all that it does. So does Retry
// when it goes on: it reads all that the round has read, of which one has another
// value by then. Who is woken by the first of two changes and looks in vain is in
// another trace than who is woken by the second; who stays in Retry has no such
// event.
//
// Operations that wait, Retry included, are reversed with the latest event without
// which they could have gone on, or with several that commute, those of tasks that
// wait for ever included. What an operation does may depend on what it sees: a
// compare-and-swap that fails commutes with a load, one that succeeds does not. So
// when a race is reversed, what the later event does in its new place is worked out
// from the values that the objects have there, and for an Atomically, or where
// something may be dropped, by running it.
//
// Optimal does not see that an execution goes round, since it keeps no states: one
// that does ends at Options.MaxEvents, and Result.Cut says so. It does not take
// programs that call SetPriority, which Result.Cut says, too. There an event gives a
// task the cpu, or takes it, by what it does to a third one of higher priority:
// whether two events commute depends on who else can run, not on what the two use.
// If all that may change that counted as dependent, most orders of events would be
// traces of their own.
//
// Auto, which Test uses, tries Optimal for a moment and then Merge, unless the
// program uses Atomically (as Cond does), Drop or SetPriority, or an execution seems
// not to end: few traces are fewer than the states they meet in, many traces may
// meet in few states.
//
// Options.Bounded looks at the executions with at most so many preemptions, those
// with the fewest first (Musuvathi and Qadeer, PLDI 2007). Random and PCT
// (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010) sample. Replay
// repeats one schedule, Minimise looks for the simplest one.
//
// # Workers, and searches that go on later
//
// With Options.Workers several workers share one search. Each has an X and a program
// of its own; one that has nothing to do is left a piece of another's work: the choices
// that lead to a place, who sleeps there and who is to be tried. Nothing is explored twice. Optimal makes the same executions, each
// trace once, whoever makes them: races that are found below one branch are
// reversed below the branches to its right even if another worker is there already
// (sframe.go). Merge comes to the same states and the same ends; how many
// executions it takes to come there depends on who comes to a state first, since
// that decides what sleeps (merge.go has the argument why nothing is missed). Bounded does
// as Merge, and all are done with one bound before any begins with the next. Samples
// by Random and PCT are functions of the seed and of their number, whoever makes them.
//
// Options.Save is given what a process needs to go on with the search: the pieces
// that are left, as a line of text each, and the states that are new. A search that
// is interrupted, as often as one likes, does exactly what one worker would have
// done without.
//
// Split takes pieces out of a search that was written down. Each is a small value that
// another process can explore with Run, knowing nothing else; its Options.Save is given
// what the search needs to go on without it. However a search is split, Optimal makes the
// same executions in all, and Merge comes to the same states (piece.go).
//
// For this, workers and processes have to call an object the same. They call it by
// the class and number it is given; if a program uses several objects of one name
// in every execution, there is but one worker, nothing is saved, and Result.Alone
// says so.
//
// A livelock is either an execution that leaves somebody in Retry with nobody to
// wake him, or a cycle of states in which every task takes a step or is disabled
// somewhere, so that a fair scheduler may go round for ever. Locks are fair: a task that
// waits for one that is free somewhere in the cycle gets it there. Every search finds the
// first, Merge the second, too. Only where a task calls
// Forget may a state come back. There 16 bytes are kept for every block that was
// explored, by whichever worker or process (transitions.go), and if there is a circle
// of them the graph of all states is built.
//
// # What it costs
//
// An event that does not switch tasks costs tens of nanoseconds, a switch one
// coroutine hand-over, each execution a repetition of what comes before its first
// new choice, without footprints and hashes. What the root does before it starts
// a task need not be repeated; see X.Prepare. docs/explore.md has measurements.
//
// # What it does not do
//
// A loop without any operation on a shared object is never left. No weak memory,
// no timers, no input. No more than MaxTasks tasks. It does not
// see what plain Go variables do: a shared variable that is no Var is invisible,
// and its races are not found.
package explore
