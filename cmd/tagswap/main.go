package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"tagswap/kernel"
)

// Exit statuses.
const (
	exitHolds   = 0
	exitFails   = 1
	exitWrong   = 2 // input or machinery
	exitBounded = 3
)

// verdictError ends a verb whose results have been printed: the status says what
// they are.
type verdictError int

func (e verdictError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() { os.Exit(run()) }

func run() (status int) {
	defer func() {
		if p := recover(); p != nil {
			status = internal(p)
		}
	}()
	if os.Getenv("GOGC") == "" {
		// Little is kept between executions: collecting it less often is faster.
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process
	root := newRootCmd()
	err := root.ExecuteContext(ctx)
	var v verdictError
	switch {
	case err == nil:
		return exitHolds
	case errors.As(err, &v):
		return int(v)
	}
	fmt.Fprintln(os.Stderr, "tagswap:", err)
	if errors.Is(err, kernel.ErrFailed) {
		return exitFails
	}
	return exitWrong
}

// internal reports a bug of tagswap itself in one line.
func internal(p any) int {
	what := fmt.Sprint(p)
	if len(what) < 17 || what[:16] != "tagswap internal" {
		what = "tagswap internal: " + what
	}
	fmt.Fprintf(os.Stderr, "%s\ntagswap: this is a bug of tagswap; please report the line above, the command and the input\n", what)
	if os.Getenv("TAGSWAP_PANIC") != "" {
		panic(p)
	}
	return exitWrong
}

// noSuchVerb makes a command that only groups verbs refuse a word that is none.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			known = append(known, c.Name())
		}
	}
	return fmt.Errorf("%s has no verb %q%s; see %s --help", cmd.CommandPath(), args[0], hint(args[0], known), cmd.CommandPath())
}
