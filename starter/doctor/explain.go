package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

// explain says why a check could not be made. What servers say stays out of it: it may name hosts and users.
func explain(err error) Finding {
	var denied *serviceerror.PermissionDenied
	said := db.ExplainTrouble(err)
	switch {
	case errors.Is(err, context.Canceled):
		return Finding{Unknown, "Not checked: doctor was stopped.", ""}
	case said != "":
		return Finding{Unknown, "Not checked. " + said, ""}
	case errors.As(err, &denied):
		return Finding{Unknown, "Not checked: Temporal does not let this program see it.", "Give the program's Temporal credentials the right to read the namespace."}
	case temporal.Away(err), errors.Is(err, syncs.ErrUnavailable):
		return Finding{Unknown, fmt.Sprintf("Not checked: there was no answer within %s.", present.Duration(checkTimeout)), "Run doctor again. If it does not answer then either, look at the program that is asked."}
	default:
		return Finding{Unknown, fmt.Sprintf("Not checked, because of an unexpected error (%T).", innermost(err)), "Run doctor again; if it happens again, report it."}
	}
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string { return words.Sentence(text) + "." }

// ago says how long ago an instant was, roughly.
func ago(since time.Duration) string {
	switch {
	case since >= 48*time.Hour:
		return present.Count(int(since/(24*time.Hour)), "day", "days")
	case since >= 2*time.Hour:
		return present.Count(int(since/time.Hour), "hour", "hours")
	case since >= 2*time.Minute:
		return present.Count(int(since/time.Minute), "minute", "minutes")
	default:
		return present.Count(int(since/time.Second), "second", "seconds")
	}
}

// mostNamed is how many of many alike are named.
const mostNamed = 3

// named lists the first few of many.
func named(all []string) string {
	if len(all) <= mostNamed {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:mostNamed], ", "), len(all)-mostNamed)
}
