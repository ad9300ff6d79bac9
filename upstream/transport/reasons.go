package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
)

// whyNoAnswer says why there was no answer at all.
func whyNoAnswer(err error) (Kind, string) {
	var noSuchName *net.DNSError
	var badCertificate *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	switch {
	case timedOut(err):
		return Timeout, ""
	case errors.As(err, &noSuchName):
		return Connection, CodeNameNotFound
	case errors.As(err, &badCertificate), errors.As(err, &unknownAuthority):
		return Connection, CodeCertificate
	case errors.Is(err, syscall.ECONNREFUSED):
		return Connection, CodeConnectionRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Connection, CodeConnectionReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Connection, CodeConnectionClosed
	default:
		return Connection, ""
	}
}

// whyCutOff says why a body could not be read to its end.
func whyCutOff(err error) (Kind, string) {
	switch {
	case timedOut(err):
		return Timeout, ""
	case errors.Is(err, syscall.ECONNRESET):
		return Connection, CodeConnectionReset
	default:
		return Unreadable, ""
	}
}

func timedOut(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &network) && network.Timeout())
}
