-- SPDX-License-Identifier: Apache-2.0
-- Stationmaster with Prosody 0.12: paste into /etc/prosody/prosody.cfg.lua after its global section, change example.org, then
-- `prosodyctl check config && systemctl reload prosody`. Needs the packages prosody and prosody-modules (for mod_auth_ccert).
-- maker-ca.crl and owner-ca.crl, each a CA with its list of revoked certificates, are written by `stationmaster init`. Make a folder for
-- them that user stationmaster writes to, copy them there (never the .key files), and an empty folder `none`:
--   install -d -o stationmaster -m 755 /etc/prosody/stationmaster /etc/prosody/stationmaster/none
--   install -o stationmaster -m 644 /etc/stationmaster/*-ca.crl /etc/prosody/stationmaster/
-- and say so in stationmaster.yaml (revocation.ownerList, revocation.makerList), so that the lists are kept up to date there.

-- Global: one and a half to two times faster on a busy component link.
gc = { mode = "generational" }
c2s_require_encryption = true
-- The component may end sessions and reload (revocation) by ad-hoc command. Needs "adhoc" and "admin_adhoc" in modules_enabled.
-- If you have admins already, add the line's content to yours.
admins = { "devices.example.org" }

local function stations_only(anchors)
    return {
        certificate = "/etc/prosody/certs/example.org.crt", key = "/etc/prosody/certs/example.org.key", protocol = "tlsv1_2+",
        cafile = anchors,
        -- Prosody adds /etc/ssl/certs otherwise, and any public authority could sign a certificate for any of your stations.
        capath = "/etc/prosody/stationmaster/none",
        verify = { "peer", "client_once" },
        -- Station certificates are for clients alone; by default Prosody wants them to be good for servers.
        -- crl_check keeps revoked stations out. With a list that has run out nobody comes in: Stationmaster renews it in time.
        verifyext = { "lsec_continue", "crl_check", lsec_ignore_purpose = false },
    }
end

-- UC007-1: units in the factory, which have no identity yet. Let only the factory's network reach this host.
VirtualHost "factory.example.org"
    authentication = "anonymous"

-- UC007-2: stations that come out of the box, by the certificate engraved in the factory (IDevID).
VirtualHost "onboarding.example.org"
    authentication = "ccert"
    certificate_match = "xmppaddr"
    ssl = stations_only("/etc/prosody/stationmaster/maker-ca.crl")

-- Stations at work, by the certificate of their owner (LDevID). No accounts, no administrators here.
VirtualHost "stations.example.org"
    authentication = "ccert"
    certificate_match = "xmppaddr"
    ssl = stations_only("/etc/prosody/stationmaster/owner-ca.crl")

-- Stations use STARTTLS. Direct TLS (c2s_direct_tls_ports) would need the same table as c2s_direct_tls_ssl in both hosts and
-- globally, and there the anchors follow the TLS server name while the login follows the stream: an authority trusted for one
-- host can then sign for the other. Leave it off unless both authorities are yours.

-- The secret is in the file component.secret that `stationmaster init` has written. One connection at a time.
Component "devices.example.org"
    component_secret = "CHANGE ME"

-- Where Stationmaster runs on the same machine, nothing else is needed: the component port is 5347 on 127.0.0.1.
-- On another machine: add "net_multiplex" to modules_enabled, globally ports = { } and ssl_ports = { 5348 }, and on our side component.tls: true
-- with component.serverName: one of this server's hosts.
-- mod_limits: a thousand stations behind one address are not an attack. If you load it, give clients a rate that lets them in.
