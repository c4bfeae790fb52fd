package airflowclient

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// shortestSecret is how long a secret must be to be looked for: a shorter one stands in half of all words.
const shortestSecret = 4

// keeper is an Authenticator that can say what must not be shown.
type keeper interface{ secrets() []string }

func (b basic) secrets() []string { return b.Login.secrets() }

func (a *auto) secrets() []string {
	all := a.Login.secrets()
	if k, ok := a.exchange.(keeper); ok {
		all = append(all, k.secrets()...)
	}
	return all
}

// secrets are the password, and the header that [Basic] makes of it.
func (l Login) secrets() []string {
	password := l.Password.Reveal()
	if password == "" {
		return nil
	}
	return []string{password, base64.StdEncoding.EncodeToString([]byte(l.User + ":" + password))}
}

// secrets are what was last put on requests or sent to get it.
func (a *tokenAuth) secrets() []string {
	if kept := a.kept.Load(); kept != nil {
		return *kept
	}
	return nil
}

// keep remembers secrets for as long as errors may repeat them: those that are in use, and those that were in use just before.
func (a *tokenAuth) keep(secret string) {
	if secret == "" {
		return
	}
	all := append(slices.Clone(a.secrets()), secret)
	all = all[max(0, len(all)-6):]
	a.kept.Store(&all)
}

// scrub takes our credentials out of what a server said: proxies, debug pages and validation errors repeat requests.
func (c *conn) scrub(text string) string {
	k, ok := c.auth.(keeper)
	if !ok {
		return text
	}
	for _, secret := range k.secrets() {
		for _, form := range forms(secret) {
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	return text
}

// maxPage bounds how much of a page is looked at for its words.
const maxPage = 1 << 20

// scrubBody is the beginning of an answer without our credentials, before anything else cuts it: half a secret is not found any more.
func (c *conn) scrubBody(body []byte) []byte {
	return []byte(c.scrub(string(body[:min(len(body), maxPage)])))
}

// forms are the ways in which a secret may be written, the longest first.
func forms(secret string) []string {
	if len(secret) < shortestSecret {
		return nil
	}
	quoted, _ := json.Marshal(secret) // a string can always be encoded
	all := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`), html.EscapeString(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
		base64.URLEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}
