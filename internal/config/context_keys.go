package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// contextKey is one key of a context: what it may hold and what it means.
type contextKey struct {
	name, words, doc string
	set              func(c *Context, value ast.Node) error
	get              func(c *Context) any // as YAML holds it; nil for a value that says nothing
}

func ofContext[T any](name string, k kind[T], at func(*Context) *T, doc string) contextKey {
	set := func(c *Context, value ast.Node) error {
		v, err := k.read(value)
		if err == nil {
			*at(c) = v
		}
		return err
	}
	return contextKey{name: name, words: k.words, doc: doc, set: set, get: func(c *Context) any { return k.plain(*at(c)) }}
}

// contextKeys is the one table of the keys of a context: the reader and the documentation are made from it.
func contextKeys() []contextKey {
	address := parsed("text", nil, func(s string) (string, error) { return strings.TrimRight(s, "/"), nil }, unlessEmpty)
	service := parsed("one of `mwaa`, `mwaa-api`, `composer`", nil, func(s string) (Service, error) {
		switch known := Service(s); known {
		case MWAA, MWAAAPI, Composer:
			return known, nil
		}
		return "", fmt.Errorf("%q is none of mwaa, mwaa-api, composer", s)
	}, func(s Service) any { return unlessEmpty(string(s)) })
	return []contextKey{
		ofContext("url", address, func(c *Context) *string { return &c.URL },
			"Address of the web server, with its path prefix if it has one. MWAA needs none: AWS knows it."),
		ofContext("username", text(), func(c *Context) *string { return &c.Username }, "The user to sign in as."),
		ofContext("password_env", text(), func(c *Context) *string { return &c.PasswordEnv }, "Environment variable that holds the password."),
		ofContext("password_command", texts(), func(c *Context) *[]string { return &c.PasswordCommand }, "Command that prints the password, as a list, without a shell."),
		ofContext("password_file", text(), func(c *Context) *string { return &c.PasswordFile }, "File that holds the password; nobody else may read it."),
		ofContext("token_env", text(), func(c *Context) *string { return &c.TokenEnv }, "Environment variable that holds a bearer token."),
		ofContext("token_command", texts(), func(c *Context) *[]string { return &c.TokenCommand },
			"Command that prints a bearer token. It is run again before the token ends, if that is a JWT, and once after a refusal."),
		ofContext("token_file", text(), func(c *Context) *string { return &c.TokenFile }, "File that holds a bearer token; nobody else may read it."),
		ofContext("service", service, func(c *Context) *Service { return &c.Service },
			"A managed Airflow with a sign-in of its own: `mwaa` by a web login, `mwaa-api` by InvokeRestApi, `composer` with Google's default credentials."),
		ofContext("environment", text(), func(c *Context) *string { return &c.Environment }, "Name of the MWAA environment."),
		ofContext("aws_region", text(), func(c *Context) *string { return &c.AWSRegion }, "AWS region; else AWS's own configuration says it."),
		ofContext("aws_profile", text(), func(c *Context) *string { return &c.AWSProfile }, "Profile of AWS's shared configuration."),
		ofContext("ca_file", text(), func(c *Context) *string { return &c.CAFile },
			"PEM certificates of the authorities to trust for this server, instead of those of the system."),
		ofContext("client_cert_file", text(), func(c *Context) *string { return &c.ClientCertFile }, "PEM certificate to show to a server that asks for one."),
		ofContext("client_key_file", text(), func(c *Context) *string { return &c.ClientKeyFile }, "PEM key of that certificate; nobody else may read it."),
		ofContext("server_name", text(), func(c *Context) *string { return &c.ServerName },
			"Name that the server's certificate holds, where that is not the host of the address, as behind a tunnel."),
		ofContext("insecure", truth(), func(c *Context) *bool { return &c.Insecure },
			"Trust any certificate. Whoever sits in between can read and change everything; the console and `status` say so."),
		ofContext("timeout", span(), func(c *Context) *time.Duration { return &c.Timeout }, "How long one request may take; 30s unless said otherwise."),
		ofContext("read_only", truth(), func(c *Context) *bool { return &c.ReadOnly }, "Refuse every change."),
		ofContext("color", text(), func(c *Context) *string { return &c.Color }, "Colour of the context's name in the console."),
	}
}

const contextsHead = `# Contexts

<!-- Made from the table of keys in internal/config. After a change there: UPDATE_DOCS=1 go test ./internal/config -->

A context names one Airflow and says where its credentials come from; it holds none itself. Contexts stand in ` + "`~/.config/chrononctl/config.yaml`" + ` (or
the file that CHRONONCTL_CONFIG names). ` + "`--context NAME`" + `, CHRONONCTL_CONTEXT or ` + "`current`" + ` picks one. Without a file, CHRONONCTL_URL with CHRONONCTL_USERNAME and
CHRONONCTL_PASSWORD, or with CHRONONCTL_TOKEN, is a context of its own. CHRONONCTL_READ_ONLY=1 makes any context read-only.

` + "```yaml" + `
current: prod
contexts:
  prod:
    url: https://airflow.example.com
    username: ana
    password_command: [pass, show, airflow/prod]
  staging:
    url: https://airflow.staging.example.com
    token_env: AIRFLOW_STAGING_TOKEN
    ca_file: /etc/ssl/example-ca.pem
    client_cert_file: /home/ana/.certs/ana.pem
    client_key_file: /home/ana/.certs/ana.key
` + "```" + `

User and password go as they are to Airflow 2 and are traded for a token on Airflow 3; which of the two answers is found out. Credentials go to the
address of the context only, never over plain http to another machine, and are not printed anywhere.

## Managed services

` + "```yaml" + `
contexts:
  amazon:                         # Amazon MWAA: a web login with your AWS credentials
    service: mwaa
    environment: MyEnvironment
    aws_region: eu-central-1
  amazon-private:                 # the same through InvokeRestApi, where the web server is private
    service: mwaa-api
    environment: MyEnvironment
  google:                         # Cloud Composer 2 and 3: application default credentials
    service: composer
    url: https://0123abcd-dot-europe-west1.composer.googleusercontent.com
  astronomer:                     # Astro: an API token of the organization, workspace or deployment
    url: https://cl0123.astronomer.run/d0123abc
    token_env: ASTRO_API_TOKEN
` + "```" + `

InvokeRestApi answers within ten seconds and with up to 6 MB, and takes paths of up to 64 characters: lists and changes work, logs of tasks with long names do
not. MWAA wants the permission ` + "`airflow:CreateWebLoginToken`" + ` or ` + "`airflow:InvokeRestApi`" + `. These sign-ins are written from the documentation of the three services and tested against
servers that check requests as it says; they have not been run against the services themselves.

## Keys

| key | value | |
|---|---|---|
`

// ContextReference is the documentation of contexts, in Markdown.
func ContextReference() string {
	var out strings.Builder
	out.WriteString(contextsHead)
	fmt.Fprintf(&out, "| `current` | text | The context that is used when none is named. |\n")
	for _, key := range contextKeys() {
		fmt.Fprintf(&out, "| `contexts.NAME.%s` | %s | %s |\n", key.name, key.words, key.doc)
	}
	return out.String()
}
