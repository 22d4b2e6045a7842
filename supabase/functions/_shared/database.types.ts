
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  
  "public": {
          Tables: {
            "batches": {
                  Row: {
                    "created_at": string,"id": string,"idempotency_key": string | null,"options": NonNullable<Json>,"profile_id": string,"updated_at": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"idempotency_key"?: string | null,"options": NonNullable<Json>,"profile_id": string,"updated_at"?: string,"user_id": string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"idempotency_key"?: string | null,"options"?: NonNullable<Json>,"profile_id"?: string,"updated_at"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "batches_profile_id_fkey"
      columns: ["profile_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"jobs": {
                  Row: {
                    "attempt": number,"available_at": string | null,"batch_id": string,"error": string | null,"error_code": string | null,"finished_at": string | null,"id": string,"position": number,"product_id": string,"profile_id": string,"progress": number,"result": Json | null,"run": number,"stage": Database["public"]['Enums']["job_stage"] | null,"started_at": string | null,"status": Database["public"]['Enums']["job_status"],"title": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempt"?: number,"available_at"?: string | null,"batch_id": string,"error"?: string | null,"error_code"?: string | null,"finished_at"?: string | null,"id"?: string,"position": number,"product_id": string,"profile_id": string,"progress"?: number,"result"?: Json | null,"run"?: number,"stage"?: Database["public"]['Enums']["job_stage"] | null,"started_at"?: string | null,"status"?: Database["public"]['Enums']["job_status"],"title": string
                  }
                  Update: {
                    "attempt"?: number,"available_at"?: string | null,"batch_id"?: string,"error"?: string | null,"error_code"?: string | null,"finished_at"?: string | null,"id"?: string,"position"?: number,"product_id"?: string,"profile_id"?: string,"progress"?: number,"result"?: Json | null,"run"?: number,"stage"?: Database["public"]['Enums']["job_stage"] | null,"started_at"?: string | null,"status"?: Database["public"]['Enums']["job_status"],"title"?: string
                  }
                  Relationships: [
                    
                  ]
                },"products": {
                  Row: {
                    "brand": string | null,"created_at": string,"currency": string | null,"description": string | null,"external_id": string,"id": string,"image_urls": (string)[],"language": string | null,"link": string | null,"price": number | null,"profile_id": string,"sale_price": number | null,"title": string,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "brand"?: string | null,"created_at"?: string,"currency"?: string | null,"description"?: string | null,"external_id"?: string,"id"?: string,"image_urls"?: (string)[],"language"?: string | null,"link"?: string | null,"price"?: number | null,"profile_id": string,"sale_price"?: number | null,"title": string,"updated_at"?: string
                  }
                  Update: {
                    "brand"?: string | null,"created_at"?: string,"currency"?: string | null,"description"?: string | null,"external_id"?: string,"id"?: string,"image_urls"?: (string)[],"language"?: string | null,"link"?: string | null,"price"?: number | null,"profile_id"?: string,"sale_price"?: number | null,"title"?: string,"updated_at"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "products_profile_id_fkey"
      columns: ["profile_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"profiles": {
                  Row: {
                    "accent_color": string,"created_at": string,"cta_text": string | null,"font": string | null,"id": string,"is_default": boolean,"language": string | null,"name": string,"primary_color": string,"template": string,"updated_at": string,"user_id": string,"voices": NonNullable<Json>
                  }
                  ComputedFields: never
                  Insert: {
                    "accent_color"?: string,"created_at"?: string,"cta_text"?: string | null,"font"?: string | null,"id"?: string,"is_default"?: boolean,"language"?: string | null,"name"?: string,"primary_color"?: string,"template"?: string,"updated_at"?: string,"user_id"?: string,"voices"?: NonNullable<Json>
                  }
                  Update: {
                    "accent_color"?: string,"created_at"?: string,"cta_text"?: string | null,"font"?: string | null,"id"?: string,"is_default"?: boolean,"language"?: string | null,"name"?: string,"primary_color"?: string,"template"?: string,"updated_at"?: string,"user_id"?: string,"voices"?: NonNullable<Json>
                  }
                  Relationships: [
                    
                  ]
                }
          }
          Views: {
            "batch_status": {
                  Row: {
                    "batch_id": string,"cancelled": number | null,"completed": number | null,"created_at": string,"failed": number | null,"finished_at": string | null,"outcome": string | null,"processing": number | null,"profile_id": string,"queued": number | null,"status": string | null,"total": number | null,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                           "batch_id"?: string | null,"cancelled"?: number | null,"completed"?: number | null,"created_at"?: string | null,"failed"?: number | null,"finished_at"?: string | null,"outcome"?: string | null,"processing"?: number | null,"profile_id"?: string | null,"queued"?: number | null,"status"?: string | null,"total"?: number | null,"updated_at"?: string | null
                         }
                        Update: {
                           "batch_id"?: string | null,"cancelled"?: number | null,"completed"?: number | null,"created_at"?: string | null,"failed"?: number | null,"finished_at"?: string | null,"outcome"?: string | null,"processing"?: number | null,"profile_id"?: string | null,"queued"?: number | null,"status"?: string | null,"total"?: number | null,"updated_at"?: string | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "batches_profile_id_fkey"
      columns: ["profile_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"videos": {
                  Row: {
                    "batch_id": string,"duration_s": number | null,"finished_at": string | null,"height": number | null,"job_id": string,"postable": Json | null,"product_id": string,"profile_id": string,"size_bytes": number | null,"subtitles_path": string | null,"thumbnail_link": string | null,"thumbnail_path": string | null,"title": string,"url_expires_at": string | null,"video_link": string | null,"video_path": string | null,"width": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "batch_id"?: string | null,"duration_s"?: number | null,"finished_at"?: string | null,"height"?: number | null,"job_id"?: string | null,"postable"?: Json | null,"product_id"?: string | null,"profile_id"?: string | null,"size_bytes"?: number | null,"subtitles_path"?: string | null,"thumbnail_link"?: string | null,"thumbnail_path"?: string | null,"title"?: string | null,"url_expires_at"?: string | null,"video_link"?: string | null,"video_path"?: string | null,"width"?: number | null
                         }
                        Update: {
                           "batch_id"?: string | null,"duration_s"?: number | null,"finished_at"?: string | null,"height"?: number | null,"job_id"?: string | null,"postable"?: Json | null,"product_id"?: string | null,"profile_id"?: string | null,"size_bytes"?: number | null,"subtitles_path"?: string | null,"thumbnail_link"?: string | null,"thumbnail_path"?: string | null,"title"?: string | null,"url_expires_at"?: string | null,"video_link"?: string | null,"video_path"?: string | null,"width"?: number | null
                         }
                        Relationships: [
                    
                  ]
                }
          }
          Functions: {
            "cancel_batch":
{ Args: { "p_batch_id": string,"p_user_id": string }; Returns: Json
                           },
"claim_job":
{ Args: { "p_batch_id": string }; Returns: Json
                           },
"complete_job":
{ Args: { "p_job_id": string,"p_lease_token": string,"p_result": Json }; Returns: Json
                           },
"create_batch":
{ Args: { "p_idempotency_key": string,"p_missing_provider"?: string,"p_options": Json,"p_product_ids": (string)[],"p_profile_id": string,"p_user_id": string }; Returns: Json
                           },
"delete_batch":
{ Args: { "p_batch_id": string,"p_user_id": string }; Returns: Json
                           },
"fail_job":
{ Args: { "p_error": string,"p_error_code": string,"p_job_id": string,"p_lease_token": string }; Returns: Json
                           },
"get_batch_status":
{ Args: { "p_batch_id": string,"p_etags"?: (string)[],"p_origin": string }; Returns: Json
                           },
"hand_over_job":
{ Args: { "p_job_id": string,"p_lease_token": string }; Returns: Json
                           },
"list_batch_statuses":
{ Args: { "p_before": string,"p_etags"?: (string)[],"p_limit": number,"p_origin": string,"p_profile_id": string }; Returns: Json
                           },
"record_kick":
{ Args: { "p_batch_id": string,"p_message": string,"p_status": number }; Returns: undefined
                           },
"report_job":
{ Args: { "p_checkpoint"?: Json,"p_job_id": string,"p_lease_token": string,"p_progress": number,"p_stage": string }; Returns: Json
                           },
"requeue_job":
{ Args: { "p_busy"?: boolean,"p_error": string,"p_error_code": string,"p_job_id": string,"p_lease_token": string,"p_retry_after_s"?: number }; Returns: Json
                           },
"retry_batch":
{ Args: { "p_batch_id": string,"p_product_ids"?: (string)[],"p_user_id": string }; Returns: Json
                           },
"sweep":
{ Args: Record<PropertyKey, never>; Returns: Json
                           }
          }
          Enums: {
            "job_stage": "script"|"voiceover"|"subtitles"|"render"|"store","job_status": "queued"|"processing"|"completed"|"failed"|"cancelled"
          }
          CompositeTypes: {
            [_ in never]: never
          }
        }
}

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
  ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R
    }
    ? R
    : never
  : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I
    }
    ? I
    : never
  : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U
    }
    ? U
    : never
  : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
  ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
  ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never

export const Constants = {
  "public": {
          Enums: {
            "job_stage": ["script", "voiceover", "subtitles", "render", "store"],"job_status": ["queued", "processing", "completed", "failed", "cancelled"]
          }
        }
} as const
