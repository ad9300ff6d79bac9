package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/cors"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
)

const uiStartTimeout = 30 * time.Second

// uiServer is the Temporal UI. It is put together from the parts of temporalio/ui-server rather than with its NewServer, because
// that one ends the whole program when its port is taken and cannot be given a listener.
type uiServer struct {
	port     int
	echo     *echo.Echo
	stopping atomic.Bool
}

// startUI starts the UI and waits until it shows the namespace. fail is told if it ends unexpectedly later.
func startUI(ctx context.Context, temporalAddress string, options Options, fail func(error)) (*uiServer, error) {
	s := &uiServer{}
	var listener net.Listener
	err := onFreePort(options.UIPort, "--ui-port", func(port int) (err error) {
		s.port = port
		if listener, err = net.Listen("tcp", hostPort(port)); err != nil {
			return fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("start the Temporal UI: %w", err)
	}
	if s.echo, err = newUI(s.config(temporalAddress, options)); err != nil {
		listener.Close()
		return nil, fmt.Errorf("start the Temporal UI: %w", err)
	}
	s.echo.Listener = listener
	go func() {
		if err := s.echo.Start(""); !s.stopping.Load() {
			fail(fmt.Errorf("the Temporal UI ended unexpectedly: %w", err))
		}
	}()
	err = waitUntil(ctx, uiStartTimeout, nil, func(ctx context.Context) error {
		return answersOK(ctx, s.url()+"/api/v1/namespaces/"+options.Namespace)
	})
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start the Temporal UI: %w", err)
	}
	return s, nil
}

func (s *uiServer) url() string { return "http://" + hostPort(s.port) }

func (s *uiServer) stop() {
	s.stopping.Store(true)
	_ = s.echo.Close() // nothing to lose: every page is read again from Temporal
}

func (s *uiServer) config(temporalAddress string, options Options) *config.Config {
	return &config.Config{
		TemporalGRPCAddress: temporalAddress,
		EnableUI:            true,
		DefaultNamespace:    options.Namespace,
		DisableNewsFetch:    true, // nothing here calls out of the machine
		CORS: config.CORS{
			AllowOrigins:   []string{s.url(), fmt.Sprintf("http://localhost:%d", s.port)},
			CookieInsecure: true, // there is no TLS on the loopback interface
		},
		// The browser sends payloads to the codec endpoint along with that site's cookies, so it can ask for a login.
		Codec: config.Codec{Endpoint: options.CodecEndpoint, IncludeCredentials: options.CodecEndpoint != ""},
	}
}

// newUI follows ui-server's NewServer for a UI without login.
func newUI(c *config.Config) (*echo.Echo, error) {
	provider, err := config.NewConfigProviderWithRefresh(c)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(
		middleware.Recover(),
		middleware.Gzip(),
		cors.CORSMiddleware(cors.CORSConfig{
			AllowHeaders: []string{
				echo.HeaderOrigin, echo.HeaderContentType, echo.HeaderAccept, echo.HeaderXCSRFToken, echo.HeaderAuthorization, "Caller-Type",
			},
			AllowCredentials: true,
			ConfigProvider:   provider,
		}),
		middleware.Secure(),
		csrf.EnsureTokenCookie(!c.CORS.CookieInsecure),
		middleware.CSRFWithConfig(csrf.MiddlewareConfig(provider, !c.CORS.CookieInsecure)),
	)
	e.Pre(route.PublicPath(c.PublicPath))
	route.SetHealthRoute(e)
	assets, err := ui.Assets()
	if err != nil {
		return nil, err
	}
	pages, err := fs.Sub(assets, "local")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		route.SetAPIRoutes(e, provider, nil),
		route.SetUIRoutes(e, c.PublicPath, pages, provider),
	)
	route.SetRenderRoute(e, "/")
	return e, err
}

func answersOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return final(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}
