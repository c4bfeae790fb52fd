package cmd

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/composer"
	"chrononctl/airflowclient/mwaa"
	"chrononctl/internal/config"
)

// client makes a client for the context, whose address becomes the one that the client uses and may be shown: AWS may have named it, and
// what people copy from a browser may end in a query with a secret.
func (a *app) client(ctx context.Context, c *config.Context) (*airflowclient.Client, error) {
	files, err := c.Certificates()
	if err != nil {
		return nil, err
	}
	cfg := airflowclient.Config{
		URL: c.URL, Transport: a.Transport, Now: a.Now, UserAgent: "chrononctl/" + version, Timeout: c.Timeout, MaxTries: a.MaxTries,
		TLS: airflowclient.TLS{CA: files.CA, Cert: files.Cert, Key: files.Key, ServerName: c.ServerName, Insecure: c.Insecure},
	}
	switch c.Service {
	case config.MWAA, config.MWAAAPI:
		if cfg.URL, cfg.Auth, cfg.Transport, err = a.amazon(ctx, *c); err != nil {
			return nil, err
		}
	case config.Composer:
		cfg.Auth = airflowclient.ExpiringBearer(composer.Token(a.Transport), "Google's application default credentials")
	default:
		if cfg.Auth, err = a.authenticator(ctx, *c); err != nil {
			return nil, err
		}
	}
	client, err := airflowclient.New(cfg)
	if err != nil {
		return nil, err
	}
	c.URL = client.Address()
	return client, nil
}

// amazon is the address, the credentials and the transport for an MWAA environment. AWS_ENDPOINT_URL_MWAA is what AWS's own tools call
// another address of the service.
func (a *app) amazon(ctx context.Context, c config.Context) (string, airflowclient.Authenticator, http.RoundTripper, error) {
	env, err := mwaa.Open(ctx, mwaa.Options{
		Name: c.Environment, Region: c.AWSRegion, Profile: c.AWSProfile, Endpoint: a.Getenv("AWS_ENDPOINT_URL_MWAA"), Transport: a.Transport, Now: a.Now,
	})
	if err != nil {
		return "", nil, nil, err
	}
	if c.Service == config.MWAAAPI {
		return env.URL(), nil, env.Transport(), nil
	}
	address := c.URL
	if address == "" {
		if address, err = env.Webserver(ctx); err != nil {
			return "", nil, nil, err
		}
	}
	source := fmt.Sprintf("environment %s, AWS profile %s", c.Environment, cmp.Or(c.AWSProfile, a.Getenv("AWS_PROFILE"), "default"))
	return address, airflowclient.WebLogin(env.WebToken, source), a.Transport, nil
}

// authenticator turns the credentials' source of a context into credentials. They are fetched when a request first needs them.
func (a *app) authenticator(ctx context.Context, c config.Context) (airflowclient.Authenticator, error) {
	if c.TokenEnv != "" || len(c.TokenCommand) > 0 || c.TokenFile != "" {
		token := func(ctx context.Context) (airflowclient.Secret, error) {
			v, err := c.Token(ctx, a.Getenv)
			return airflowclient.NewSecret(v), err
		}
		return airflowclient.Bearer(token, tokenSource(c)), nil
	}
	password, err := c.Password(ctx, a.Getenv)
	if err != nil {
		return nil, err
	}
	return airflowclient.Auto(airflowclient.Login{User: c.Username, Password: airflowclient.NewSecret(password), Source: passwordSource(c)}), nil
}
