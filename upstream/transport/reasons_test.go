package transport

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetworkErrorsAreToldApartByTheirTypes(t *testing.T) {
	dial := func(cause error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: cause} }
	for _, test := range []struct {
		err  error
		kind Kind
		code string
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "proda.example", IsNotFound: true}), Connection, CodeNameNotFound},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "proda.example", IsTimeout: true}), Timeout, ""},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), Connection, CodeConnectionRefused},
		{dial(os.ErrDeadlineExceeded), Timeout, ""},
		{fmt.Errorf("write: %w", syscall.EPIPE), Connection, CodeConnectionReset},
		{errors.New("something new"), Connection, ""},
	} {
		kind, code := whyNoAnswer(test.err)
		require.Equal(t, test.kind, kind, test.err)
		require.Equal(t, test.code, code, test.err)
	}
}
