// SPDX-License-Identifier: Apache-2.0

/// What an admin pastes into the XMPP server's configuration.
public struct ServerLines {
    let setup: Setup
    let result: Setup.Result

    public init(setup: Setup, result: Setup.Result) {
        self.setup = setup
        self.result = result
    }

    /// For Prosody 0.12.
    public var prosody: String {
        let factories = setup.factoryHosts.map {
            """
            VirtualHost "\($0)"                       -- units in the factory
                authentication = "anonymous"
            """
        }.joined(separator: "\n")
        return """
            -- Prosody: /etc/prosody/conf.d/stationmaster.cfg.lua   (package prosody-modules has mod_auth_ccert)
            -- In the global section, unless the port is 5347: component_ports = { \(setup.serverPort) }
            -- Each of these hosts wants a certificate, as your own do: prosodyctl --root cert import FOLDER
            -- Copy the CA certificates to where Prosody can read them, and make an empty folder for capath,
            -- without which every public authority of the system could vouch for a station:
            --   install -m 644 \(result.makerCertificatePath) \(result.ownerCertificatePath) /etc/prosody/certs/
            --   mkdir -p /etc/prosody/no-authorities
            -- To keep revoked stations out as well (crl_check), see Config/examples/prosody.cfg.lua.
            -- In the global section, with "adhoc" and "admin_adhoc" in modules_enabled, so that the sessions of revoked
            -- stations are ended: admins = { "\(setup.domain)" }
            \(factories)
            VirtualHost "\(setup.onboardingHost)"     -- stations log in with their engraved identity
                authentication = "ccert"; certificate_match = "xmppaddr"
                ssl = { cafile = "/etc/prosody/certs/maker-ca.pem"; capath = "/etc/prosody/no-authorities";
                        verify = { "peer", "client_once" };
                        verifyext = { "lsec_continue", lsec_ignore_purpose = false } }
            VirtualHost "\(setup.stationsHost)"       -- stations log in with their operational identity
                authentication = "ccert"; certificate_match = "xmppaddr"
                ssl = { cafile = "/etc/prosody/certs/owner-ca.pem"; capath = "/etc/prosody/no-authorities";
                        verify = { "peer", "client_once" };
                        verifyext = { "lsec_continue", lsec_ignore_purpose = false } }
            Component "\(setup.domain)"
                component_secret = "\(result.secret)"
            """
    }

    /// For ejabberd 23.01.
    public var ejabberd: String {
        let hosts = (setup.factoryHosts + [setup.onboardingHost, setup.stationsHost]).map { "  - \($0)" }
            .joined(separator: "\n")
        let factories = setup.factoryHosts.map {
            "  \($0): {auth_method: anonymous, anonymous_protocol: sasl_anon}"
        }.joined(separator: "\n")
        return """
            # ejabberd: /etc/ejabberd/ejabberd.yml
            # One file with both CAs: cat \(result.makerCertificatePath) \(result.ownerCertificatePath) > /etc/ejabberd/stations.pem
            hosts:                                   # beside your own
            \(hosts)
            host_config:
            \(factories)
            listen:
              -                                      # the listener on which stations log in
                port: 5222
                module: ejabberd_c2s
                starttls: true
                tls_verify: true
                cafile: /etc/ejabberd/stations.pem
              -
                port: \(setup.serverPort)
                ip: "127.0.0.1"
                module: ejabberd_service
                access: all
                shaper: none
                global_routes: false
                hosts:
                  \(setup.domain): {password: "\(result.secret)"}
            acl:                                     # so that the sessions of revoked stations are ended
              admin:
                server: [\(setup.domain)]
            access_rules:
              configure: {allow: admin}
            modules:
              mod_adhoc: {}
              mod_configure: {}
            """
    }

    /// For jabberd2.
    public var jabberd2: String {
        """
        <!-- jabberd2: /etc/jabberd2/router.xml, inside <local>; then restart the router.
             No line in router-users.xml: the secret there is the one of jabberd2's own parts.
             Which hosts and logins stations need: Config/examples/jabberd2.md -->
        <ip>127.0.0.1</ip>
        <port>\(setup.serverPort)</port>
        <secret>\(result.secret)</secret>
        """
    }
}
