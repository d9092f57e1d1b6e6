// SPDX-License-Identifier: Apache-2.0

extension Fixtures {
    /// A private key on P-384.
    static let p384Key = """
        -----BEGIN PRIVATE KEY-----
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDC2yfgcMQ2nb1z4nqhn
        uaDahO7sbyGwOuMkid4p3vaOPYrh7mhaK7UmuOiPhdfJJ+6hZANiAARUqyFa8ikS
        APN9qopjDPAQ60H7nWhPbfUGwiJke+e61MZatg6etX2PKgSRvJ19nlzVXwg5x19I
        bJKa2CsgVkD6MgT5Fl+nxVfYqWYsrzbG1fpjUmvrdAq4rhaoa1G6E0k=
        -----END PRIVATE KEY-----
        """

    /// A private key of RSA.
    static let rsaKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCUFz9EfHzHE5tM
        H9saESDA0xK99881tlqLFlGk+F8/ZlyNrtnVlA2xD9P389Ub5SNWduZPiSjsGv8T
        OKaeb9YB5DIEZHhN+r+nLX3IA407Ri9cF0MRpQOSdPxTmOvray7/N3LTRtL6cBm/
        TPsevV7n2eY9VmIpA4Qbs0J5STw3mtGQ+Fxh4jYZ4vdGx+I6KJ6w8EkEtQBRMDoX
        ytCUUkbpDzoD049p8sqNb73eLxW2SB6w9Dy22b5TJs4we1tWJ8vGnc1uD8Mdt0C2
        TQECLoKIMsM6MIsvqfM2qe2uqK4RpsB2y2fMRNDteCOFVXFyy0/Qb0bb8/nlRKR2
        UZ+j5cBXAgMBAAECggEADI3PjesIGhY/txtvBwD5tLvDKuCCXwxkFSz7FqmWS9+B
        EnyGnrQlpWNxApckjNaHAUVXrwyZFmVDFCpcXmUFQ6hh7XzMGz9mlnHLgZrirGox
        CWg3BgL/nQXjmBcIG0jWtWL9dHF2FC3pn0Dge7gg/s86VR8Cd9vPWLIz44IOVt/c
        /3ZRiLt4T7Ovue9DQZY27JX5zvhyz2RoEkD7oLaXeK2Oag3TeOZbbZui5/9YI36v
        nsjBowAyOmFBwSCyUNwmqkLlS/sSL3rJ68B6FhKOcO7ol70y6Txc+RSvCx/TXouy
        fS/BqQlgb0JMens4OZxLgvP599Qijg1UyadMEQ05CQKBgQDQ62+uNsDYwC9SE/t9
        GvPCjWkjyFG6qQ50XCwRg1jahRP7rhI/vDCrEnHfBFZxUKlGSWbY+ETzt8eeUC2C
        rRiTHO5uX5ne9384tlgwC0nwBmjL6wgDN+gAYUFaH891gAGumWs9UJPrNl/QLRre
        fMgJWvmo6Wg5MB+A3p3qbQ3HjwKBgQC1dpjnpRPjonEcXv47+KPO1ffTqkFlVrNg
        5CmPQU9hJ0C9aky/xNLwwOdxfGjyDBHfA3mObLPIX4oIu6MHu10NSJ8x6gcJUGoX
        WyRKHM8j8iw/D5j9HfCPvTgYhJx5v6t7e5NuWlsb8GkxL/XrxGv/XJPTRQSB9Bbg
        NSiXJnHWuQKBgQCOKeeRMQkBdaW9wIM9mn2NQhTtmH6k+i0v2RjTwgFQkYYLmWQp
        orGrd52tGJKKAU1u2rv1oNuqzMA1ZnHRnmA+m01UJhHau6gCu3I/Hy9s+a+OM5z8
        M6rXt1Z1MXhGiJicayGiU5aUVCfWzRqfk2G7nACPhGS7pZeKZfInd5YM2QKBgQCU
        1nPP/Cx2F3TjKl8o3WWubv3Y1NrSvexfWoVkBNORAlstgZT17gB+jBrJkJubfJ7j
        5ru7QBmuDf7v7sdnvhwymxBIJoYi85wxEAaR61NTTn1QNADuC7KWk0MBiTO3AKks
        nU1txBrarbP6LjZtbSyPxWVScleiJ4zj1XY3k8bnsQKBgCcDsxA0+TpIATwRu1qZ
        NN5u5lfnTvjC9CGIDAzLo2XdjNkPpQ1ESoS7BHntDhBP9u0ZY2tQSuFvnRFl+DwU
        sMBNVE6oAE/PMtWVfOt8IGdVKP8mjrgm/+SR81CevkC+QHCE17RIVabqh5AeY0Lq
        Vv8YEv+hfRPBmD8Ivq066Ma4
        -----END PRIVATE KEY-----
        """

    /// A private key with written-out parameters.
    static let explicitKey = """
        -----BEGIN EC PRIVATE KEY-----
        MIIBaAIBAQQgObu/lC+84ktwaiqGAWKo5BX/TTMuw2mdBp4tcF4EAzqggfowgfcC
        AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
        MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
        vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
        axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
        K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
        YyVRAgEBoUQDQgAEnlD77r7PDkoHeodPGqHAr7ljnApXv/DSScuTuuw9htgkhpMt
        lJbltVsDnUtUBgqVW773U/rgjnQlz9KCRoGRFg==
        -----END EC PRIVATE KEY-----
        """

    /// A private key on P-256 in SEC 1 form, as `openssl ecparam -genkey` writes it.
    static let sec1Key = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIPexvi4r8khd10BWIayEdz1bboNI7S9Mg1mtalioAyl3oAoGCCqGSM49
        AwEHoUQDQgAEXpDvg3kvZPJXfNVauPtZpx+i/R0xPWawrX/9V8iFm0QSirsszUSd
        LR41YHRMXotKp9vObTimRjIPwNnilT72FA==
        -----END EC PRIVATE KEY-----
        """

    /// The same in PKCS#8 with a pass phrase.
    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhOmVb7Rujs+gICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECvYniROOJwHeQQSq/QJq9wEgZC5
        etOgnR02FU8PpxWpM23qJ2im7SZPXBdNaLvUWBysxuhNbo2eqhDhnUeUtnjmM6i7
        TMJJqTORr7IVG2ItaEyyoja3QF3np275hyWQzHq1zb1J3aBPt913iegQDlL6Z0D2
        t+cFpT1DgYYdho2jqewSSKAeHbCzWDIiFAvHRMJmESqywZlUzI4nuaPsMARSXDg=
        -----END ENCRYPTED PRIVATE KEY-----
        """

    /// A request that asks for another name, a CA's rights, any purpose and an administrator's address.
    static let wishfulRequest = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBQzCB6gIBADAfMQ0wCwYDVQQDDARyb290MQ4wDAYDVQQFEwVhZG1pbjBZMBMG
        ByqGSM49AgEGCCqGSM49AwEHA0IABF6Q74N5L2TyV3zVWrj7Wacfov0dMT1msK1/
        /VfIhZtEEoq7LM1EnS0eNWB0TF6LSqfbzm04pkYyD8DZ4pU+9hSgaTBnBgkqhkiG
        9w0BCQ4xWjBYMDQGA1UdEQQtMCugGwYIKwYBBQUHCAWgDwwNYWRtaW5AZXhhbXBs
        ZYIMZXZpbC5leGFtcGxlMA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0lBAgwBgYEVR0l
        ADAKBggqhkjOPQQDAgNIADBFAiB1tYK32+/pwMvXlbg4DTfkfG7Wgtx1+ejSbUD1
        knOCOAIhAL2fgTuQ0La3zQNqTjJbrrt3HylUIQqRv70PHLv/EO2V
        -----END CERTIFICATE REQUEST-----
        """

    /// A request signed by ES512 with a P-256 key.
    static let sha512Request = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHGMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
        BF6Q74N5L2TyV3zVWrj7Wacfov0dMT1msK1//VfIhZtEEoq7LM1EnS0eNWB0TF6L
        Sqfbzm04pkYyD8DZ4pU+9hSgADAKBggqhkjOPQQDBANIADBFAiAfbByHtDfMyyu/
        qbrrL+nVpZehYABYM0HVudfza426LAIhAKzGWt3hICumaRfACAwNhnSy4RcWe48r
        AIvFxtt5PD4E
        -----END CERTIFICATE REQUEST-----
        """

    /// A request for a key on P-384.
    static let p384Request = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBFzCBnQIBADAeMQ0wCwYDVQQDDAR3eC05MQ0wCwYDVQQFEwR3eC05MHYwEAYH
        KoZIzj0CAQYFK4EEACIDYgAEVKshWvIpEgDzfaqKYwzwEOtB+51oT231BsIiZHvn
        utTGWrYOnrV9jyoEkbydfZ5c1V8IOcdfSGySmtgrIFZA+jIE+RZfp8VX2KlmLK82
        xtX6Y1Jr63QKuK4WqGtRuhNJoAAwCgYIKoZIzj0EAwIDaQAwZgIxAIyOFk3Esvp5
        8UTnf9YJIKY/z1Qf7V8fR7aQROVRE+IuMvGpzSYmLbVI4F42zB1+vgIxAPECu61M
        /O5PQBuH7GxHO0LBLIo0VUK8G2kGh4umwUbHVumI+xynk5Jg0UTjSEPLiw==
        -----END CERTIFICATE REQUEST-----
        """
}
