// Package mwaa reaches the Airflow of an Amazon MWAA environment with the credentials of AWS.
//
// There are two ways. A web login asks AWS for a web token, trades it at the environment's web server for a session, and talks to that
// server directly: [Environment.WebToken] with [airflowclient.WebLogin]. It carries every request, but the web server must be reachable, and a private
// one is so from its VPC only. [Environment.Transport] sends every request through AWS's InvokeRestApi instead, which
// reaches private web servers too, answers within ten seconds and with up to 6 MB, carries JSON only and, by its reference, paths of up to
// 64 characters: enough for lists and batches, too little for the log of a task with long names.
//
// Credentials are found as every AWS tool finds them: environment, shared files and profiles, single sign-on, roles of containers and
// machines. Requests are signed with the SDK's own signer; the two operations that are needed are small, and the SDK's
// client for the service would be a second copy of them. The permissions are airflow:CreateWebLoginToken and airflow:InvokeRestApi on
// arn:aws:airflow:REGION:ACCOUNT:role/ENVIRONMENT/ROLE.
//
// It was written from AWS's documentation and is tested against servers that answer as that says. It has not been run against AWS.
package mwaa
