/* SPDX-License-Identifier: MIT */
/* OpenSSL has a type of this name, common/err.h an error code: OpenSSL's is renamed here, since nobody uses it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALID_S (INT64_C(366) * 24 * 3600)

struct extension {
	int nid;
	const char *value;
};

static const struct extension ca_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
};

static const struct extension server_extensions[] = {
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "serverAuth" },
	{ NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_authority_key_identifier, "keyid" },
};

static int fail(struct err *err, const char *what)
{
	char text[160] = "";

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(err, ERR_FILE, "%s: %s", what, text);
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions, size_t count)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *extension =
			X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
		int added = extension ? X509_add_ext(certificate, extension, -1) : 0;

		X509_EXTENSION_free(extension);
		if (!added)
			return false;
	}
	return true;
}

static bool fill(X509 *certificate, const char *name, EVP_PKEY *key)
{
	const unsigned char *text = (const unsigned char *)name;
	BIGNUM *serial = BN_new();
	bool ok = serial && BN_rand(serial, 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) &&
		  X509_set_version(certificate, X509_VERSION_3) == 1 &&
		  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
		  X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) && X509_set_pubkey(certificate, key) == 1 &&
		  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1,
					     0) == 1;

	BN_free(serial);
	return ok;
}

/* A certificate for `key`, signed by the issuer's key; without an issuer it signs itself. */
static X509 *issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		   const struct extension *extensions, size_t count)
{
	X509 *certificate = X509_new();

	if (certificate && fill(certificate, name, key) &&
	    X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate)) == 1 &&
	    add_extensions(certificate, issuer ? issuer : certificate, extensions, count) &&
	    X509_sign(certificate, issuer_key, EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static int write_pem(const char *directory, const char *name, X509 *certificate, EVP_PKEY *key, struct err *err)
{
	char path[4096];
	FILE *out;
	int fd, written;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return err_set(err, ERR_FILE, "the path of folder \"%.100s…\" is too long", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, key ? 0600 : 0644);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		if (fd >= 0)
			(void)close(fd);
		return err_set(err, ERR_FILE, "cannot write \"%s\": %s", path, strerror(errno));
	}
	written = key ? PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) : PEM_write_X509(out, certificate);
	if (fclose(out) != 0 || written != 1)
		return err_set(err, ERR_FILE, "cannot write \"%s\"", path);
	return 0;
}

int tls_make_authority(const char *directory, struct err *err)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *server_key = EVP_EC_gen("P-256");
	X509 *ca = NULL, *server = NULL;
	int result = -1;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
		(void)err_set(err, ERR_FILE, "cannot create folder \"%s\": %s", directory, strerror(errno));
		goto out;
	}
	if (ca_key && server_key)
		ca = issue("mturk-sim throwaway authority", ca_key, NULL, ca_key, ca_extensions,
			   sizeof(ca_extensions) / sizeof(ca_extensions[0]));
	if (ca)
		server = issue("localhost", server_key, ca, ca_key, server_extensions,
			       sizeof(server_extensions) / sizeof(server_extensions[0]));
	if (!server)
		(void)fail(err, "cannot make the certificates");
	else if (write_pem(directory, "ca.pem", ca, NULL, err) == 0 &&
		 write_pem(directory, "server.key", NULL, server_key, err) == 0 &&
		 write_pem(directory, "server.pem", server, NULL, err) == 0)
		result = 0;
out:
	X509_free(server);
	X509_free(ca);
	EVP_PKEY_free(server_key);
	EVP_PKEY_free(ca_key);
	return result;
}

SSL_CTX *tls_new(const char *cert_file, const char *key_file, struct err *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_use_certificate_chain_file(context, cert_file) == 1 &&
	    SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(context) == 1)
		return context;
	(void)fail(err, "cannot use the certificate and its key");
	(void)err_hint(err, "\"%s\" and \"%s\" must be PEM files that belong together", cert_file, key_file);
	SSL_CTX_free(context);
	return NULL;
}

void tls_free(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

SSL *tls_connection(SSL_CTX *context)
{
	return SSL_new(context);
}
