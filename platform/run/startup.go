package run

import (
	"context"
	"time"

	"github.com/caresync/caresync/platform/poll"
)

// checkAgainAfter is the pause before a check that could not be made is tried again.
const checkAgainAfter = 5 * time.Second

// Startup makes a check before a program begins, and fails with what is wrong. Where the check cannot be made yet, as notYet recognises, the
// program may begin: the part that Startup returns makes the check until it can be made, and fails with what is wrong then, which ends the
// program.
func Startup(ctx context.Context, check func(context.Context) error, notYet func(error) bool) (Part, error) {
	err := check(ctx)
	if err == nil || !notYet(err) {
		return func(context.Context) error { return nil }, err
	}
	return func(ctx context.Context) error {
		_, err := poll.Until(ctx, checkAgainAfter, func() (struct{}, bool, error) {
			err := check(ctx)
			if err != nil && (notYet(err) || ctx.Err() != nil) {
				return struct{}{}, false, nil
			}
			return struct{}{}, true, err
		})
		if ctx.Err() != nil {
			return nil
		}
		return err
	}, nil
}
