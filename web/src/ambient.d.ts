import 'react';

declare module 'react' {
  interface CSSProperties {
    '--seal-hue'?: number;
  }
}

declare global {
  /**
   * The contracts are written against the Workers' types of WebCrypto. The DOM's differ where nothing here does: they tell
   * shared memory apart, and an absent member from an undefined one.
   */
  interface SubtleCrypto {
    digest(algorithm: AlgorithmIdentifier, data: Uint8Array): Promise<ArrayBuffer>;
    sign(algorithm: EcdsaParams, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
    verify(algorithm: EcdsaParams, key: CryptoKey, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
    importKey(
      format: 'spki' | 'pkcs8',
      keyData: Uint8Array,
      algorithm: EcKeyImportParams,
      extractable: boolean,
      keyUsages: KeyUsage[],
    ): Promise<CryptoKey>;
    importKey(
      format: 'jwk',
      keyData: { [Name in keyof JsonWebKey]: JsonWebKey[Name] | undefined },
      algorithm: EcKeyImportParams,
      extractable: boolean,
      keyUsages: KeyUsage[],
    ): Promise<CryptoKey>;
  }
}
