"""Certificates for tests, of an authority of their own."""

import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        # Not the machine's own settings.
        self.settings = folder / "openssl.cnf"
        self.settings.write_text("[req]\ndistinguished_name = name\n[name]\n")
        self.certificate, self.key = folder / "authority.pem", folder / "authority.key"
        self._request("authority", "-x509", "-days", "3650", "-addext",
                      "basicConstraints = critical, CA:TRUE", "-out", self.certificate)

    def issue(self, names, days=3650):
        """A certificate for names such as `DNS:mail.example`, and its key, in one PEM file."""
        request, own = self.folder / "request", self.folder / "certificate"
        name = f"certificate-{len(list(self.folder.glob('*.pem')))}"
        self._request(name, "-new", "-addext", f"subjectAltName = {names}", "-out", request)
        run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
            "-days", days, "-copy_extensions", "copy", "-out", own)
        both = self.folder / f"{name}.pem"
        both.write_text(own.read_text() + (self.folder / f"{name}.key").read_text())
        return both

    def _request(self, name, *options):
        run("req", "-config", self.settings, *KEY, "-keyout", self.folder / f"{name}.key",
            "-subj", f"/CN={name}", *options)


def run(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
